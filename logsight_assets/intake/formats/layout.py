"""What stands between a line's time and its message: levels, ids, threads and loggers, taken piece by piece.

Each piece that is taken becomes an attribute or the level; what cannot be told from message text stays in the message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.json_values import NotJson, TooDeep, load
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.severity import name_number

_MAX_PIECES = 8  # Spring Boot has six
_TAIL_DEPTH = 32
_MAX_BRACKET = 200


@dataclass
class Layout:
    """What has been taken so far."""

    level: str | None = None
    service: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


_BRACKET = Pattern(
    r"\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)?)\]|<([\w.\-]{1,40})>(?: |$)|\(([\w.\-/ ]{1,60})\) (?:\[|-|[A-Z]{4})"
)
_LEVEL_WORDS = (
    "TRACE|DEBUG[1-5]?|INFO|INFORMATION|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|SEVERE|ALERT|EMERGENCY|EMERG"
    "|PANIC|FINEST|FINER|FINE|CONFIG|VERBOSE|LOG|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|SYSTEM"
)
_LEVEL = Pattern(
    rf"({_LEVEL_WORDS}|(?:trace|debug|info|notice|warn|warning|error|critical|fatal|panic|dpanic))(?:[\s:|\]>,]|$)"
)
_SHORT_LEVEL = Pattern(r"(TRC|DBG|INF|WRN|ERR|FTL|PNC|[VDIWEF])[\s/]")
_DOTTED_LEVEL = Pattern(rf"([A-Za-z0-9_\-]{{1,40}})\.({_LEVEL_WORDS}): ")
_PIDS = Pattern(r"(\d{1,10})(?:(?:[#:/ ]| +)(\d{1,20}))?(?:: | --- | +(?:\[|[A-Z]{4}|[VDIWEF] ))")
_NGINX = Pattern(r"(\d+)#(\d+): (?:\*(\d+) )?")
_LOGGER_DASH = Pattern(r"([A-Za-z_$][\w.$/:\[\]@-]{0,120}?)(?::(\d+))? +- ")
_LOGGER_COLON = Pattern(r"([A-Za-z_$](?:[\w$@-]*(?:[./$]|::))+[\w$@-]+|[\w.$\[\]/-]{2,60}(?:\s+))(?:\(?:?(\d+)\)?)?: ?")
_LOGGER_TAB = Pattern(r"[A-Za-z_][\w./:@-]{0,120}$")
_POSTGRES_USER = Pattern(r"([\w\-]+@[\w\-]*) (?:[A-Z]{3})")
_KEY_PID = Pattern(r"(?:pid|process)[ =:](\d{1,10})(?::tid[ =:](\d{1,20}))?$")
_SOURCE = Pattern(r"([\w./\-]+\.(?:go|py|js|ts|java|rb|rs|c|cc|cpp|cs|php|kt|scala)):(\d{1,6})[:)]? ")


def take_layout(rest: bytes, layout: Layout, is_inside: bool = False) -> bytes:
    """Take the pieces off the start of `rest` into `layout`; the message comes back."""
    for _ in range(_MAX_PIECES):
        rest = _without_separators(rest)
        after = _take_piece(rest, layout, is_inside)
        if after is None:
            return _message(rest, layout)
        rest = after
    return _without_separators(rest)


def _without_separators(rest: bytes) -> bytes:
    """A dash separates only before a blank: `-1 is no size` is a message."""
    while True:
        stripped = rest.lstrip(b" \t:|,;")
        for dashes in (b"- ", b"-- ", b"--- "):
            if stripped.startswith(dashes):
                stripped = stripped[len(dashes) :]
                break
        if stripped == rest:
            return rest
        rest = stripped


def _message(rest: bytes, layout: Layout) -> bytes:
    """The message after the logger, where a logger can be told from the message's first word."""
    rest = rest.lstrip(b" \t")
    if layout.level is not None and b"\t" in rest:
        return _tabbed(rest, layout)
    if layout.level is not None and "log.logger" not in layout.attributes:
        found = _LOGGER_DASH.head(rest) or _LOGGER_COLON.head(rest)
        if found is not None:
            groups, end = found
            layout.attributes["log.logger"] = text_of((groups[0] or b"").strip())
            if len(groups) > 1 and groups[1]:
                layout.attributes["code.line.number"] = int(groups[1]) if len(groups[1]) < 19 else text_of(groups[1])
            return rest[end:].lstrip(b" \t")
    return rest


def _tabbed(rest: bytes, layout: Layout) -> bytes:
    """zap's console: `logger<tab>caller<tab>message<tab>{"key": "value"}`, where all but the message may be missing."""
    parts = rest.split(b"\t")
    if parts[-1][:1] == b"{" and len(parts) > 1:
        try:
            value = load(parts[-1], _TAIL_DEPTH)
        except (NotJson, TooDeep):
            value = None
        if isinstance(value, dict):
            parts.pop()
            for key, item in value.items():
                layout.attributes.setdefault(key, item)
    loggers: list[str] = []
    while len(parts) > 1 and len(loggers) < 2 and _LOGGER_TAB.test(parts[0]):
        loggers.append(text_of(parts.pop(0)))
    if loggers:
        layout.attributes.setdefault("log.logger", " ".join(loggers))
    return b"\t".join(parts)


def _take_piece(rest: bytes, layout: Layout, is_inside: bool) -> bytes | None:
    """What is left after one piece; None when nothing more can be taken."""
    first = rest[:1]
    if first in (b"[", b"<", b"("):
        return _take_bracket(rest, layout)
    if layout.level is None or len(layout.level) == 1:  # Rails repeats its letter as a word
        found = _LEVEL.head(rest) or _SHORT_LEVEL.head(rest)
        if found is not None:
            layout.level = text_of(found[0][0] or b"")
            return rest[found[1] - 1 :] if found[1] > len(found[0][0] or b"") else rest[found[1] :]
        found = _DOTTED_LEVEL.head(rest)
        if found is not None:  # Laravel and Monolog: channel.LEVEL
            layout.attributes["log.logger"] = text_of(found[0][0] or b"")
            layout.level = text_of(found[0][1] or b"")
            return rest[found[1] :]
    if first.isdigit() or first == b"#":
        return _take_ids(rest, layout, is_inside)
    if layout.level is None:
        return _take_before_level(rest, layout)
    return None


def _take_ids(rest: bytes, layout: Layout, is_inside: bool) -> bytes | None:
    nginx = _NGINX.head(rest)
    if nginx is not None:
        (process, thread, connection), end = nginx[0][:3], nginx[1]
        _set_id(layout, "process.pid", process)
        _set_id(layout, "thread.id", thread)
        _set_id(layout, "nginx.connection", connection)
        return rest[end:]
    if is_inside and rest.strip(b"# ").isdigit():
        _set_id(layout, "process.pid", rest.strip(b"# "))
        return b""
    found = _PIDS.head(rest)
    if found is None or "process.pid" in layout.attributes:
        return None
    (process, thread), end = found[0][:2], found[1]
    _set_id(layout, "process.pid", process)
    _set_id(layout, "thread.id", thread)
    consumed = len(process or b"") if thread is None else rest.find(thread or b"", len(process or b"")) + len(thread)
    return rest[end:] if b" --- " in rest[:end] else rest[consumed:]


def _set_id(layout: Layout, name: str, raw: bytes | None) -> None:
    if raw:
        layout.attributes[name] = int(raw) if raw.isdigit() and len(raw) < 19 else text_of(raw)


def _take_before_level(rest: bytes, layout: Layout) -> bytes | None:
    """A logger or user that stands before the level: Python's `name - LEVEL - `, PostgreSQL's `user@db LOG: `."""
    user = _POSTGRES_USER.head(rest)
    if user is not None:
        name = user[0][0] or b""
        layout.attributes["db.user"] = text_of(name)
        return rest[len(name) :]
    word, separator, after = rest[:200].partition(b" ")
    if not separator or not word or not word.replace(b".", b"").replace(b"_", b"").replace(b"-", b"").isalnum():
        return None
    level = after.lstrip(b" -[|:")
    if _LEVEL.test(level) and level[:1].isupper() and "log.logger" not in layout.attributes:
        layout.attributes["log.logger"] = text_of(word)
        return rest[len(word) :]
    return None


def _take_bracket(rest: bytes, layout: Layout) -> bytes | None:
    found = _BRACKET.head(rest[:_MAX_BRACKET])
    if found is None:
        return None
    content = next((group for group in found[0] if group is not None), b"").strip()
    end = found[1] if rest[:1] == b"[" else len(content) + 2
    text = text_of(content)
    module, colon, last = text.rpartition(":")
    if layout.level is None and name_number(text) is not None and (len(text) > 1 or text.isupper()):
        layout.level = text
    elif layout.level is None and colon and " " not in text and name_number(last) is not None:  # Apache: module:level
        layout.level = last
        layout.attributes["log.logger"] = module
    elif content.isdigit():
        _set_id(layout, "thread.id" if "process.pid" in layout.attributes else "process.pid", content)
    elif (pids := _KEY_PID.groups(content)) is not None:
        _set_id(layout, "process.pid", pids[0])
        _set_id(layout, "thread.id", pids[1])
    elif text.startswith("client "):
        layout.attributes["client.address"] = text[7:]
    elif text.startswith("MY-") and text[3:].isdigit():
        layout.attributes["mysql.error_code"] = text
    elif content:
        _keep_bracket(text, layout)
    return rest[end:]


def _keep_bracket(text: str, layout: Layout) -> None:
    """A bracket of unknown meaning: the first is most often the thread, all are kept."""
    if "thread.name" not in layout.attributes:
        layout.attributes["thread.name"] = text
    else:
        held = layout.attributes.setdefault("log.brackets", [])
        held.append(text)
