"""How much a line says that something failed: by its severity, else by its words. Lines without severities are normal.

A line's own severity is trusted when it is a warning or worse. Where there is none, or where everything is written at
one level, the level is read from the line's beginning, and after that its words are.
"""

from __future__ import annotations

import re

WARN, ERROR = 13, 17
_HEAD = 120  # characters in which a line's header has its level
_LEVEL = re.compile(
    r"(?<![\w.])(?:\[?(?P<error>ERROR|ERR|FATAL|SEVERE|CRITICAL|CRIT|PANIC|EMERG|ALERT)|\[?(?P<warn>WARN|WARNING)"
    r"|\[?(?P<calm>INFO|DEBUG|TRACE|NOTICE))(?![\w.])|level=\"?(?:(?P<error2>err|error|fatal|crit|panic)|"
    r"(?P<warn2>warn)|(?P<calm2>info|debug|trace))"
    r"|^(?:(?P<error3>[EF])|(?P<warn3>W)|(?P<calm3>I))[01][0-9][0-3][0-9] [0-9:.]{8}"
)
_FAILED = re.compile(
    r"\b(?:\w*exception\w*|\w*error|errors|fail|failed|fails|failure|fatal|panic|crash|crashed|abort|aborted|killed|oom"
    r"|out of memory|refused|unreachable|unavailable|timeout|timed[ -]?out|deadlock|exhausted|denied|rejected|corrupt"
    r"|corrupted|cannot|can't|could not|couldn't|unable to|not found|no such|no route|reset by peer|broken pipe"
    r"|disconnected|lost|dropped|exceeded|exceeding|overload|overloaded|unhealthy|down|no space left"
    r"|read-only file system|invalid|illegal|violation|retrying|throttled|degraded|stuck|hung|leak|stale|interrupted"
    r"|segfault|breaker)\b",
    re.IGNORECASE,
)
_BENIGN = re.compile(r"\b(?:no|without|0|zero) (?:errors?|failures?|exceptions?)\b|\berrors?[=:] ?0\b", re.IGNORECASE)


def gravity_of(severity_number: int, error_share: float, text: str, sample: str = "") -> float:
    """1 for a failure, 0.5 for a warning, 0 for the rest; 0.3 for calm lines with the words of a failure.

    A template may hide what its lines begin with: their level is read from one of them, `sample`.
    """
    if severity_number >= ERROR or error_share > 0.5:
        return 1.0
    words = bool(_FAILED.search(_BENIGN.sub("", text[:1000])))
    if severity_number >= WARN:
        return 0.7 if words else 0.5
    stated = _stated((sample or text)[:_HEAD])
    if stated is not None:
        return max(stated, 0.3 if words else 0.0)
    if severity_number > 0:
        return 0.3 if words else 0.0
    return 0.7 if words else 0.0


def _stated(head: str) -> float | None:
    found = _LEVEL.search(head)
    if not found:
        return None
    kind = found.lastgroup or ""
    return {"error": 1.0, "warn": 0.5}.get(kind.rstrip("23"), 0.0)
