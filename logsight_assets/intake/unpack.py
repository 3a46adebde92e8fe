"""A raw object's bytes become a file of plain UTF-8 lines, streamed, within limits.

Compression is told by content, never by name. DuckDB must not open compressed objects itself: it reads a cut gzip as
half of its rows and accepts a wrong checksum, both without an error. What is wrong with the object as a whole is a
fault; it never costs a line that arrived whole.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import zstandard
from isal import isal_zlib

from logsight_assets.intake.formats.encoding import bom_encoding
from logsight_assets.settings import Limits

CHUNK = 1 << 20
# zstd frames may ask for gigabytes of window; 128 MiB is what `zstd -d` itself allows.
_ZSTD_WINDOW = 128 << 20

# How a packed stream begins.
GZIP, ZSTD, BZIP2 = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh"
PACKED = (GZIP, ZSTD, BZIP2)

FAULTS: dict[str, str] = {
    "cut": "the compressed stream ends early; its whole lines are kept",
    "bad_checksum": "the content does not match the stream's own checksum; its lines are kept",
    "damaged": "the compressed stream is broken; the lines before the break are kept",
    "too_long": "longer than limits.max_object_bytes; the whole lines up to there are kept",
}


class _Broken(Exception):
    """The compressed stream is at fault; args[0] is a key of FAULTS. Raised after what could be read was yielded."""


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
            for chunk in _decoded(_inflate(source)):
                if not writer.take(chunk, out):
                    found.faults.append("too_long")
                    whole = False
                    break
        except _Broken as broken:
            found.faults.append(str(broken.args[0]))
            whole = broken.args[0] == "bad_checksum"
        writer.end(out, keep_tail=whole)
    source.drain()
    found.raw_bytes, found.content_sha256 = source.size, source.digest.hexdigest()
    return found


def plain_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The plain content of a raw object, as far as it can be read, with no limit and as it was encoded."""
    with contextlib.suppress(_Broken):
        yield from _inflate(_Hashed(stream))


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
        yield decoder.decode(chunk).encode() if decoder else chunk
    if decoder:
        yield decoder.decode(b"", final=True).encode()


def _inflate(source: _Hashed) -> Iterator[bytes]:
    """Plain chunks of at most CHUNK bytes; raises _Broken behind the last good one."""
    head = source.read(CHUNK)
    if head.startswith(GZIP):
        yield from _gunzip(_Bytes(head, source))
    elif head.startswith(ZSTD):
        yield from _unzstd(_Bytes(head, source))
    elif head.startswith(BZIP2):
        yield from _bunzip2(_Bytes(head, source))
    else:
        while head:
            yield head
            head = source.read(CHUNK)


class _Bytes:
    """A stream with a part put back: `take` reads exactly, `read` what is there, `put_back` undoes."""

    def __init__(self, head: bytes, source: _Hashed) -> None:
        self._head = head
        self._source = source

    def read(self, size: int = CHUNK) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._source.read(size)

    def put_back(self, data: bytes) -> None:
        self._head = data + self._head

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes; _Broken('cut') if the stream ends before."""
        data = b""
        while len(data) < size:
            more = self.read(size - len(data))
            if not more:
                raise _Broken("cut")
            data += more
        return data

    def take_until_nul(self) -> bytes:
        data = b""
        while (byte := self.take(1)) != b"\0":
            data += byte
        return data


def _gunzip(source: _Bytes) -> Iterator[bytes]:
    """All members. Header and trailer are read here, so that a wrong checksum still leaves the content."""
    while True:
        _skip_gzip_header(source)
        inflater, checksum, size = isal_zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
        for plain in _run(inflater, source):
            checksum, size = isal_zlib.crc32(plain, checksum), size + len(plain)
            yield plain
        source.put_back(inflater.unused_data)
        trailer = source.take(8)
        if trailer != checksum.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little"):
            raise _Broken("bad_checksum")
        # Zero padding behind the last member is common on block devices and allowed.
        while (following := source.read(1)) == b"\0":
            pass
        if not following:
            return
        source.put_back(following)


def _skip_gzip_header(source: _Bytes) -> None:
    magic, flags = source.take(2), source.take(8)[1]
    if magic != b"\x1f\x8b":
        raise _Broken("damaged")
    if flags & 4:
        source.take(int.from_bytes(source.take(2), "little"))
    for flag in (8, 16):
        if flags & flag:
            source.take_until_nul()
    if flags & 2:
        source.take(2)


def _bunzip2(source: _Bytes) -> Iterator[bytes]:
    """All streams; bz2 checks its blocks itself."""
    while True:
        inflater = bz2.BZ2Decompressor()
        pending = b""
        while not inflater.eof:
            if inflater.needs_input:
                pending = source.read()
                if not pending:
                    raise _Broken("cut")
            try:
                yield inflater.decompress(pending, CHUNK)
            except OSError:
                raise _Broken("damaged") from None
            pending = b""
        rest = inflater.unused_data or source.read()
        if not rest:
            return
        if not rest.startswith(b"BZh"):
            raise _Broken("damaged")
        source.put_back(rest)


def _run(inflater: Any, source: _Bytes) -> Iterator[bytes]:
    """One deflate stream, in pieces of at most CHUNK bytes."""
    pending = b""
    while not inflater.eof:
        pending = pending or source.read()
        if not pending:
            raise _Broken("cut")
        try:
            plain = inflater.decompress(pending, CHUNK)
        except isal_zlib.error:  # type: ignore[misc]  # its stub calls the class an instance
            raise _Broken("damaged") from None
        pending = inflater.unconsumed_tail
        if plain:
            yield plain


def _unzstd(source: _Bytes) -> Iterator[bytes]:
    """All frames. Fed 512 bytes at a time: a block of 4 bytes may stand for 128 KiB, and the output of one call is
    not bounded by the library, so the input is (to 16 MiB of output a call)."""
    while True:
        inflater = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not inflater.eof:
            pending = source.read(512)
            if not pending:
                raise _Broken("cut")
            try:
                plain = inflater.decompress(pending)
            except zstandard.ZstdError as error:
                raise _Broken("bad_checksum" if "checksum" in str(error) else "damaged") from None
            yield from (plain[at : at + CHUNK] for at in range(0, len(plain), CHUNK))
        rest = inflater.unused_data or source.read()
        if not rest:
            return
        source.put_back(rest)
