"""A raw object's bytes become a file of plain UTF-8 lines, streamed, within limits.

What is packed is unpacked here (see `inflate.py`): DuckDB must not open compressed objects itself, since it reads a
cut gzip as half of its rows and accepts a wrong checksum, both without an error. What is wrong with the object as a
whole is a fault; it never costs a line that arrived whole.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from logsight_assets.intake.formats.encoding import bom_encoding
from logsight_assets.intake.inflate import CHUNK, Broken, inflate
from logsight_assets.settings import Limits

FAULTS: dict[str, str] = {
    "cut": "the compressed stream ends early; its whole lines are kept",
    "bad_checksum": "the content does not match the stream's own checksum; its lines are kept",
    "damaged": "the compressed stream is broken; the lines before the break are kept",
    "too_long": "longer than limits.max_object_bytes; the whole lines up to there are kept",
}


@dataclass(frozen=True)
class LongLine:
    """A line over the limit: known by place and hash alone."""

    line: int
    offset: int  # bytes from the start of the unpacked object
    length: int
    sha256: str


@dataclass
class Unpacked:
    """The plain file and what is known of it before any line is parsed."""

    path: Path
    raw_bytes: int = 0  # as delivered
    plain_bytes: int = 0
    longest_line: int = CHUNK  # no line of the file is longer, bytes
    lines: int = 0  # physical lines, also the long ones (which stand as empty lines in the file)
    content_sha256: str = ""  # of the bytes as delivered
    faults: list[str] = field(default_factory=list)
    long_lines: list[LongLine] = field(default_factory=list)


def unpack(stream: BinaryIO, path: Path, limits: Limits) -> Unpacked:
    """Write the object's plain lines to `path`; memory is bounded by a few chunks whatever the object holds."""
    found = Unpacked(path)
    source = _Hashed(stream)
    writer = _LineWriter(found, limits)
    with path.open("wb") as out:
        whole = True
        try:
            for chunk in _decoded(inflate(source)):
                if not writer.take(chunk, out):
                    found.faults.append("too_long")
                    whole = False
                    break
        except Broken as broken:
            found.faults.append(str(broken.args[0]))
            whole = broken.args[0] == "bad_checksum"
        writer.end(out, keep_tail=whole)
    source.drain()
    found.raw_bytes, found.content_sha256 = source.size, source.digest.hexdigest()
    return found


def plain_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The plain content of a raw object, as far as it can be read, with no limit and as it was encoded."""
    with contextlib.suppress(Broken):
        yield from inflate(_Hashed(stream))


class _Hashed:
    """Reads a stream, counting and hashing what passes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int = CHUNK) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        self.size += len(data)
        return data

    def drain(self) -> None:
        while self.read():
            pass


class _LineWriter:
    """Copies chunks, counts lines, and leaves an empty line where a line is longer than the limit.

    A chunk is never longer than the shortest limit that settings allow, so only a line that crosses a chunk's edge can
    be too long: whatever lies between the first and the last line end of a chunk is copied as it is.
    """

    def __init__(self, found: Unpacked, limits: Limits) -> None:
        self._found = found
        self._limits = limits
        self._held: list[bytes] = []  # the unfinished line, while it is within the limit
        self._size = 0  # its length so far
        self._start = 0  # its offset
        self._skipped: Any = None  # its hash, once it is over the limit

    def take(self, chunk: bytes, out: BinaryIO) -> bool:
        """Consume a chunk; False when the object's limit is reached."""
        room = self._limits.max_object_bytes - self._found.plain_bytes
        fits = len(chunk) <= room
        chunk = chunk if fits else chunk[:room]
        first = chunk.find(b"\n")
        if first < 0:
            self._extend(chunk)
        else:
            last = chunk.rfind(b"\n")
            self._extend(chunk[:first])
            self._finish(out)
            middle = chunk[first + 1 : last + 1]
            out.write(middle)
            self._found.lines += middle.count(b"\n")
            self._start = self._found.plain_bytes + last + 1
            self._extend(chunk[last + 1 :])
        self._found.plain_bytes += len(chunk)
        return fits

    def end(self, out: BinaryIO, *, keep_tail: bool) -> None:
        """The object's end: an unterminated last line counts only if the object is whole."""
        if self._size and keep_tail:
            self._finish(out)

    def _extend(self, part: bytes) -> None:
        self._size += len(part)
        if self._skipped is None and self._size > self._limits.max_line_bytes:
            self._skipped = hashlib.sha256(b"".join(self._held))
            self._held = []
        if self._skipped is not None:
            self._skipped.update(part)
        else:
            self._held.append(part)

    def _finish(self, out: BinaryIO) -> None:
        self._found.lines += 1
        if self._skipped is not None:
            line = LongLine(self._found.lines, self._start, self._size, self._skipped.hexdigest())
            self._found.long_lines.append(line)
        else:
            self._found.longest_line = max(self._found.longest_line, self._size)
        out.writelines(self._held)
        out.write(b"\n")
        self._held, self._size, self._skipped = [], 0, None


def _decoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-8 whatever the byte order mark says; without one the bytes pass as they are."""
    decoder: codecs.IncrementalDecoder | None = None
    first = True
    for chunk in chunks:
        if first and chunk:
            first = False
            encoding = bom_encoding(chunk[:4])
            if encoding == "utf-8-sig":
                chunk = chunk[len(codecs.BOM_UTF8) :]
            elif encoding:
                decoder = codecs.getincrementaldecoder(encoding)("replace")
        if decoder is None:
            yield chunk
            continue
        # A character may take half as much again: `_LineWriter` counts on short chunks.
        text = decoder.decode(chunk).encode()
        yield from (text[at : at + CHUNK] for at in range(0, len(text), CHUNK))
    if decoder:
        yield decoder.decode(b"", final=True).encode()
