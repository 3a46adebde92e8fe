"""Container logs: CRI (containerd, CRI-O), Docker's json-file, and the `name  | ` prefix of docker compose.

The payload is read by what it is; the runtime's time is the observed one when the payload has its own. Lines that the
runtime cut (CRI tag P, json-file without a final line feed) are joined per stream, stack frames join the record before
them in the same stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from logsight_assets.intake.formats.encoding import text_of, without_colours
from logsight_assets.intake.formats.flat_record import keep
from logsight_assets.intake.formats.json_stream import Parsed, read_json
from logsight_assets.intake.formats.multiline import (
    MAX_RECORD_BYTES,
    MAX_RECORD_LINES,
    Fields,
    TextRules,
    continues_trace,
    no_other_reading,
    plain_fields,
    read_text,
)
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.payload import attributes_of, json_fields, payload_fields, resource_of, wrapped
from logsight_assets.intake.formats.times import parse_time
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record, Refused

_STREAMS = (b"stdout", b"stderr")
_PREFIX = Pattern(r"([A-Za-z0-9][\w.\-]{0,62}?)(?:-(\d{1,4})|_(\d{1,4}))?\s+\| ?(.*)$")


class Chunk(NamedTuple):
    """What the runtime wrote at once: a line of the program, or a part of a long one."""

    line: int
    line_count: int
    index: int  # type: ignore[assignment]  # as in Record; nothing calls tuple.index
    raw: bytes
    stream: str
    payload: bytes
    is_partial: bool
    nanos: int | None
    attributes: dict[str, Any]


def cri_chunk(number: int, raw: bytes, context: ParseContext) -> Chunk | None:
    """`2025-06-01T10:00:00.123456789Z stdout F payload`; None for another line."""
    parts = raw.split(b" ", 3)
    if len(parts) < 3 or parts[1] not in _STREAMS or parts[2][:1] not in (b"P", b"F"):
        return None
    nanos = parse_time(text_of(parts[0]), context)
    if nanos is None:
        return None
    payload = parts[3] if len(parts) > 3 else b""
    return Chunk(number, 1, 0, raw, text_of(parts[1]), payload, parts[2][:1] == b"P", nanos, {})


def cri_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of one CRI line on its own."""
    chunk = cri_chunk(0, raw, context)
    return None if chunk is None else _chunk_fields(chunk, chunk.payload, context)


def _chunk_fields(chunk: Chunk, payload: bytes, context: ParseContext) -> Fields:
    # A payload with only a time of day or none is read all the same; `wrapped` decides which time counts.
    fields = payload_fields(payload, context)
    wrapped(fields, payload[:1] == b"{", chunk.nanos)
    for key, value in chunk.attributes.items():
        keep(attributes_of(fields), key, value)
    if chunk.stream:
        attributes_of(fields).setdefault("log.iostream", chunk.stream)
    return fields


class _Stream:
    """The record that one stream is building: cut parts of a line, then stack frames after it."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.payloads: list[bytes] = []  # whole lines of the program
        self.open_part = False
        self.size = 0

    def take(self, chunk: Chunk) -> None:
        if self.open_part:
            self.payloads[-1] += chunk.payload
        else:
            self.payloads.append(chunk.payload)
        self.chunks.append(chunk)
        self.open_part = chunk.is_partial
        self.size += len(chunk.raw)

    def accepts(self, chunk: Chunk, context: ParseContext) -> bool:
        if not self.chunks or self.size > MAX_RECORD_BYTES or len(self.chunks) >= MAX_RECORD_LINES:
            return False
        return self.open_part or continues_trace(self.payloads, chunk.payload, context)

    def record(self, context: ParseContext) -> Record:
        first = self.chunks[0]
        fields = _chunk_fields(first, self.payloads[0], context)
        if len(self.payloads) > 1:
            more = (text_of(without_colours(payload)) for payload in self.payloads[1:])
            fields["body"] = "\n".join([fields.get("body", ""), *more])
        raw = first.raw if len(self.chunks) == 1 else b"\n".join(chunk.raw for chunk in self.chunks)
        count = sum(chunk.line_count for chunk in self.chunks)
        return Record(first.line, count, first.index, raw, fields)


class ChunkReader:
    """Builds records from chunks, one open record a stream."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._streams: dict[str, _Stream] = {}

    def push(self, chunk: Chunk) -> Iterator[Record]:
        stream = self._streams.get(chunk.stream)
        if stream is None:
            if len(self._streams) >= 8:  # a file that names many streams is no container log: no unbounded state
                yield from self.finish()
            stream = self._streams.setdefault(chunk.stream, _Stream())
        if stream.chunks and not stream.accepts(chunk, self._context):
            yield stream.record(self._context)
            stream = self._streams[chunk.stream] = _Stream()
        stream.take(chunk)

    def finish(self) -> Iterator[Record]:
        open_streams = [stream for stream in self._streams.values() if stream.chunks]
        self._streams = {}
        for stream in sorted(open_streams, key=lambda stream: stream.chunks[0].line):
            yield stream.record(self._context)


def parse_cri(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a CRI log file; a line that is none is kept as text."""
    reader = ChunkReader(context)
    for number, raw in lines:
        if raw.endswith(b"\r"):
            raw = raw[:-1]
        if not raw or raw.isspace():
            yield Ignored(number, 1, "blank")
            continue
        chunk = cri_chunk(number, raw, context)
        if chunk is None:
            yield from reader.finish()
            yield Record(number, 1, 0, raw, plain_fields(raw))
        else:
            yield from reader.push(chunk)
    yield from reader.finish()


def parse_docker(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of Docker's json-file driver."""
    reader = _DockerReader(context)
    for item in read_json(lines, context.max_depth):
        if isinstance(item, Parsed):
            yield from reader.push(item)
        elif isinstance(item, Ignored):
            yield item
        else:
            yield from reader.finish()
            if isinstance(item, Refused):
                yield item
            else:
                yield Record(item.line, 1, 0, item.raw, plain_fields(item.raw))
    yield from reader.finish()


class _DockerReader:
    """Knows a cut line from a file whose writer ends no line: only after a line feed was seen is its absence a cut."""

    def __init__(self, context: ParseContext) -> None:
        self._context = context
        self._reader = ChunkReader(context)
        self._held: list[Chunk] = []  # before the first line feed
        self._ends_lines: bool | None = None

    def push(self, item: Parsed) -> Iterator[Outcome]:
        chunk = self._chunk(item)
        if chunk is None:
            yield from self.finish()
            yield _not_docker(item, self._context)
            return
        if self._ends_lines is None:
            self._held.append(chunk)
            if not chunk.is_partial:
                self._ends_lines = True
            elif len(self._held) >= 50:  # Docker cuts at 16 KiB: 50 parts are 800 KiB
                self._ends_lines = False
            else:
                return
            yield from self._release()
            return
        yield from self._reader.push(chunk if self._ends_lines else chunk._replace(is_partial=False))

    def _release(self) -> Iterator[Outcome]:
        held, self._held = self._held, []
        for chunk in held:
            yield from self._reader.push(chunk if self._ends_lines else chunk._replace(is_partial=False))

    def finish(self) -> Iterator[Outcome]:
        yield from self._release()
        yield from self._reader.finish()

    def _chunk(self, item: Parsed) -> Chunk | None:
        value = item.value
        log = value.get("log") if isinstance(value, dict) else None
        if not isinstance(log, str):
            return None
        stream, time = value.get("stream", ""), value.get("time")
        if not isinstance(stream, str):
            return None
        nanos = parse_time(time, self._context)
        rest = {key: held for key, held in value.items() if key not in ("log", "stream", "time")}
        if nanos is None and time is not None:
            rest["time"] = time
        payload = log.encode("utf-8", "replace")
        is_partial = not payload.endswith(b"\n")
        payload = payload.removesuffix(b"\n").removesuffix(b"\r")
        return Chunk(item.line, item.line_count, item.index, item.raw, stream, payload, is_partial, nanos, rest)


def _not_docker(item: Parsed, context: ParseContext) -> Outcome:
    """Another JSON line in such a file: read by its names."""
    fields = json_fields(item.raw, context)
    if fields is None:
        return Refused(item.line, item.line_count, item.index, "not_an_object", item.raw)
    return Record(item.line, item.line_count, item.index, item.raw, fields)


def prefixed_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of `service  | payload` as docker compose prints it; the name becomes the service."""
    if b"| " not in raw[:80]:
        return None
    found = _PREFIX.groups(raw)
    if found is None:
        return None
    name, dash, underscore, payload = found
    if (name or b"").isdigit() or (name or b"").isupper():  # `INFO | message` is no service
        return None
    fields = payload_fields(payload or b"", context)
    resource_of(fields).setdefault("service.name", text_of(name or b""))
    replica = dash or underscore
    if replica:
        attributes_of(fields).setdefault("container.replica", int(replica))
    return fields


def parse_prefixed(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of what docker compose prints; the payload of each line is read by what it is."""
    return read_text(lines, context, TextRules(prefixed_line, continues_trace, no_other_reading))
