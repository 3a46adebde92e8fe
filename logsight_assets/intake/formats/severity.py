"""Severity as OpenTelemetry numbers (1…24) from names, aliases, the numeric scales of loggers, and free text.

A number is only read on the scale of the field that holds it: 40 is ERROR for Python's `levelno` and WARN for pino.
Unknown words give no number: their text is kept, nothing is guessed.
"""

from __future__ import annotations

from functools import lru_cache

from logsight_assets.intake.formats.patterns import Pattern

TRACE, DEBUG, INFO, WARN, ERROR, FATAL = 1, 5, 9, 13, 17, 21

_NAMES: dict[str, int] = {
    "trace": 1, "trc": 1, "trce": 1, "verbose": 1, "vrb": 1, "verb": 1, "finest": 1, "all": 1, "silly": 1, "trace1": 1,
    "trace2": 2, "finer": 2, "trace3": 3, "trace4": 4,
    "debug": 5, "dbg": 5, "debg": 5, "debu": 5, "fine": 5, "debug1": 5, "dbug": 5, "fin": 5,
    "debug2": 6, "config": 7, "cfg": 7, "debug3": 7, "debug4": 8, "debug5": 8,
    "info": 9, "inf": 9, "information": 9, "informational": 9, "information al": 9, "info1": 9, "log": 9, "normal": 9,
    "statement": 9, "detail": 9, "hint": 9, "system": 9, "default": 9, "ok": 9, "success": 9, "http": 9, "audit": 9,
    "info2": 10, "notice": 10, "note": 10, "notic": 10, "ntc": 10, "info3": 11, "info4": 12,
    "warn": 13, "warning": 13, "wrn": 13, "warni": 13, "wrning": 13, "warn1": 13, "warn2": 14, "warn3": 15, "warn4": 16,
    "error": 17, "err": 17, "erro": 17, "eror": 17, "errors": 17, "error1": 17, "failure": 17, "fail": 17, "failed": 17,
    "error2": 18, "severe": 17, "error3": 19, "error4": 20,
    "exception": 17,
    "critical": 18, "crit": 18, "crt": 18, "dpanic": 18, "alert": 19, "alrt": 19,
    "fatal": 21, "ftl": 21, "fata": 21, "fatal1": 21, "fatal2": 22, "fatal3": 23, "fatal4": 24,
    "panic": 21, "pnc": 21, "pani": 21, "emerg": 21, "emergency": 21, "emrg": 21, "disaster": 21,
}  # fmt: skip
# One letter is a level only where a field holds nothing else (mongodb's `s`, logcat, klog), never in free text.
_LETTERS: dict[str, int] = {
    "t": 1, "v": 1, "d": 5, "i": 9, "n": 10, "w": 13, "e": 17, "c": 18, "f": 21, "a": 19, "p": 21,
}  # fmt: skip
_SYSLOG = (21, 19, 18, 17, 13, 10, 9, 5)
_BUNYAN = {10: 1, 20: 5, 30: 9, 40: 13, 50: 17, 60: 21}
_PYTHON = {5: 1, 10: 5, 20: 9, 30: 13, 40: 17, 50: 18}
_MONOLOG = {100: 5, 200: 9, 250: 10, 300: 13, 400: 17, 500: 18, 550: 19, 600: 21}
_GOOGLE = {0: 9, 100: 5, 200: 9, 300: 10, 400: 13, 500: 17, 600: 18, 700: 19, 800: 21}
_LOGBACK = {5000: 1, 10000: 5, 20000: 9, 30000: 13, 40000: 17}
_JUL = {300: 1, 400: 2, 500: 5, 700: 7, 800: 9, 900: 13, 1000: 17}
SCALES: dict[str, dict[int, int]] = {
    "otel": {number: number for number in range(1, 25)},
    "syslog": dict(enumerate(_SYSLOG)),
    "bunyan": _BUNYAN,
    "python": _PYTHON,
    "monolog": _MONOLOG,
    "google": _GOOGLE,
    "logback": _LOGBACK,
    "jul": _JUL,
    # A bare `level` number: the scales that do not collide. 0…7 is syslog (GELF), tens are pino and bunyan.
    "level": {**dict(enumerate(_SYSLOG)), **_BUNYAN, **_MONOLOG, **_LOGBACK, 700: 7, 800: 9, 900: 13, 1000: 17},
}


@lru_cache(maxsize=1024)
def name_number(name: str) -> int | None:
    """The number of a level's name in any case, also inside blanks or brackets; None for an unknown word."""
    word = name.strip(" \t[]():<>|*#").lower()
    number = _NAMES.get(word)
    if number is not None:
        return number
    if len(word) == 1:
        return _LETTERS.get(word)
    if "." in word:  # `local.ERROR`, `LogLevel.Warning`
        return _NAMES.get(word.rpartition(".")[2])
    return None


def severity_number(value: object, scale: str = "level") -> tuple[int | None, str | None]:
    """OTel number and text of a level in a field; the number on the named scale of `SCALES` when it is one."""
    if isinstance(value, str):
        return _text_severity(value, scale) if len(value) <= 40 else (None, value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None, None
    if isinstance(value, float):
        if not value.is_integer():
            return None, str(value)
        value = int(value)
    return SCALES[scale].get(value), str(value)


@lru_cache(maxsize=1024)
def _text_severity(value: str, scale: str) -> tuple[int | None, str | None]:
    text = value.strip()
    if not text:
        return None, None
    if text.isascii() and text.isdigit() and len(text) < 6:
        return SCALES[scale].get(int(text)), text
    return name_number(text), text


def syslog_severity(priority: int) -> int:
    """OTel number of a syslog severity 0…7 (the lowest three bits of a PRI)."""
    return _SYSLOG[priority & 7]


def status_severity(status: int) -> int:
    """Severity of an answered request where the log names none: 5xx ERROR, 4xx WARN, else INFO."""
    if status >= 500:
        return ERROR
    return WARN if status >= 400 else INFO


_UPPER = (
    "TRACE|DEBUG|INFO|INFORMATION|NOTICE|WARN|WARNING|ERROR|ERR|CRIT|CRITICAL|FATAL|ALERT|EMERG|EMERGENCY|PANIC|SEVERE"
    "|FINE|FINER|FINEST|VERBOSE"
)
_ANY_CASE = "trace|debug|info|notice|warn|warning|error|err|crit|critical|fatal|alert|emerg|panic"
# Upper case stands out in prose; lower case counts only where it is set off as a level: in brackets, after `level=`,
# or as the first word before a colon.
_IN_TEXT = Pattern(
    rf"(?:^|[\s\[(|<\"=,;:])({_UPPER})(?:$|[\s\])|>\":,;])"
    rf"|\[\s*(?i:({_ANY_CASE}))\s*\]"
    rf"|\b(?i:level|severity|lvl|loglevel)[\"']?\s*[=:]\s*[\"']?(?i:({_ANY_CASE}|information))\b"
    rf"|^\s*(?i:({_ANY_CASE}|fail|failed|failure|trce|dbug))\s?:"
)
_CRASH = Pattern(
    r"^(?:Traceback \(most recent call last\)|Exception in thread|panic: |goroutine \d+ \[|fatal error: "
    r"|Unhandled (?:exception|rejection)|Uncaught |(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)\b"
    r"|[A-Z]\w*(?:Error|Exception): |PHP (?:Fatal|Parse) error|Segmentation fault|Out of memory|\*\*\* Error in )"
)
_HEAD = 240


def text_severity(raw: bytes) -> tuple[int | None, str | None]:
    """Level that the head of a free line names beyond doubt; a crash's first line is an ERROR without a text."""
    head = raw[:_HEAD]
    found = _IN_TEXT.found(head)
    if found is not None:
        word = next((group for group in found if group), b"")
        text = word.decode("ascii", "replace")
        return name_number(text), text
    if _CRASH.test(head):
        return ERROR, None
    return None, None
