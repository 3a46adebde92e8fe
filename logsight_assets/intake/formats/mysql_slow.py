"""MySQL's and MariaDB's slow query log: a block of `#` lines and the statement after them is one record.

A block begins at `# Time:`, or at `# User@Host:` when no `# Time:` stands before it (MySQL writes the time only when
the second changes). Body: the statement; the `#` lines become attributes, Query_time the duration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.multiline import MAX_RECORD_BYTES, MAX_RECORD_LINES, Fields, plain_fields
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.times import parse_time
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record

_HEADER = (b"Tcp port: ", b"Time                 Id Command    Argument", b"Time                Id Command    Argument")
_USER = Pattern(r"# User@Host: (\S+) @ +(\S*) *\[([^\]]*)\](?: +Id: +(\d+))?")
_SET_TIME = Pattern(r"SET timestamp=(\d{10}(?:\.\d+)?);")


def is_block_start(raw: bytes) -> bool:
    """Whether a line may begin a block."""
    return raw.startswith((b"# Time: ", b"# User@Host: "))


class _Block:
    def __init__(self, number: int, raw: bytes) -> None:
        self.line = number
        self.raws = [raw]
        self.size = len(raw)

    def add(self, raw: bytes) -> None:
        self.raws.append(raw)
        self.size += len(raw) + 1

    def accepts(self, raw: bytes) -> bool:
        if self.size > MAX_RECORD_BYTES or len(self.raws) >= MAX_RECORD_LINES:
            return False
        if raw.startswith(b"# Time: "):
            return False
        is_after_time = len(self.raws) == 1 and self.raws[0][:7] == b"# Time:"
        return is_after_time or not raw.startswith(b"# User@Host: ")

    def record(self, context: ParseContext) -> Record:
        raw = b"\n".join(self.raws)
        if not is_block_start(self.raws[0]):
            return Record(self.line, len(self.raws), 0, raw, plain_fields(raw))
        return Record(self.line, len(self.raws), 0, raw, _fields(self.raws, context))


def _fields(raws: list[bytes], context: ParseContext) -> Fields:
    attributes: dict[str, Any] = {"db.system.name": "mysql"}
    statement: list[bytes] = []
    nanos: int | None = None
    for raw in raws:
        if raw.startswith(b"# Time: "):
            nanos = parse_time(text_of(raw[8:]).strip(), context)
        elif raw.startswith(b"# "):
            _take_pairs(raw, attributes)
        else:
            found = _SET_TIME.groups(raw)
            if found is None:
                statement.append(raw)
            elif nanos is None:
                nanos = parse_time(text_of(found[0] or b""), context)
    fields: Fields = {"body": text_of(b"\n".join(statement or raws)), "attributes": attributes}
    if nanos is not None:
        fields["timeUnixNano"] = nanos
    return fields


def _take_pairs(raw: bytes, attributes: dict[str, Any]) -> None:
    user = _USER.groups(raw)
    if user is not None:
        name, host, address, thread = (text_of(part or b"") for part in user)
        attributes["db.user"] = name.partition("[")[0]
        found = (("client.host", host), ("client.address", address), ("thread.id", thread))
        attributes.update({key: value for key, value in found if value})
        return
    tokens = raw[2:].split()
    for at in range(len(tokens) - 1):
        if tokens[at].endswith(b":") and not tokens[at + 1].endswith(b":"):
            name, value = text_of(tokens[at][:-1]), text_of(tokens[at + 1])
            attributes[f"mysql.{name.lower()}"] = value
            if name == "Query_time" and value.replace(".", "", 1).isdigit() and len(value) < 16:
                attributes["duration_ms"] = round(float(value) * 1000, 6)


def parse_mysql_slow(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a slow query log."""
    block: _Block | None = None
    for number, raw in lines:
        if raw.endswith(b"\r"):
            raw = raw[:-1]
        if not raw or raw.isspace():
            yield Ignored(number, 1, "blank")
        elif raw.startswith(_HEADER) or raw.endswith(b"started with:"):
            yield Ignored(number, 1, "header")
        elif block is not None and block.accepts(raw):
            block.add(raw)
        else:
            if block is not None:
                yield block.record(context)
            block = _Block(number, raw)
    if block is not None:
        yield block.record(context)
