"""A packed object's plain bytes, streamed: gzip, zstd and bzip2 with all their members, told by content.

Nothing here trusts a length, and no stream makes it copy more than it brings: an object may be one member that stands
for gigabytes, or a hundred thousand members of twenty bytes.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

import zstandard
from isal import isal_zlib

CHUNK = 1 << 20  # most bytes that are yielded at a time
# How a packed stream begins.
GZIP, ZSTD, BZIP2 = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh"
PACKED = (GZIP, ZSTD, BZIP2)

# What an inflater gets at a time. It hands back a copy of what lies behind its stream's end, so for each of the many
# members of an object that much is copied: short, but long enough that calls cost nothing beside inflating.
_PIECE = 1 << 15
# zstd frames may ask for gigabytes of window; 128 MiB is what `zstd -d` itself allows.
_ZSTD_WINDOW = 128 << 20
# A block of 4 bytes may stand for 128 KiB, and the output of one call is not bounded by the library, so the input is:
# to 16 MiB of output a call.
_ZSTD_PIECE = 512
# Name and comment in a gzip header end at a NUL; longer than any path, they are no text.
_LONGEST_TEXT = 1 << 16


class Broken(Exception):
    """The packed stream is at fault; args[0] is a key of `FAULTS`. Raised after what could be read was yielded."""


class Source(Protocol):
    """What is read: like a binary file."""

    def read(self, size: int, /) -> bytes: ...


def inflate(source: Source) -> Iterator[bytes]:
    """Plain chunks of at most CHUNK bytes; raises Broken behind the last good one."""
    head = source.read(CHUNK)
    if head.startswith(PACKED):
        pieces = _Pieces(head, source)
        yield from (_gunzip if head.startswith(GZIP) else _unzstd if head.startswith(ZSTD) else _bunzip2)(pieces)
        return
    while head:
        yield head
        head = source.read(CHUNK)


class _Pieces:
    """A stream of bytes of which the end of what was read last can be handed back."""

    def __init__(self, head: bytes, source: Source) -> None:
        self._block, self._at = head, 0
        self._source = source

    def read(self, size: int = _PIECE) -> bytes:
        """At most `size` bytes; none at the end."""
        if self._at == len(self._block):
            self._block, self._at = self._source.read(CHUNK), 0
        piece = self._block[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def hand_back(self, rest: bytes) -> None:
        """These bytes, which were read last, are to be read again."""
        if len(rest) <= self._at:
            self._at -= len(rest)
        else:  # an inflater may hold some from before the block
            self._block, self._at = rest + self._block[self._at :], 0

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes; Broken('cut') if the stream ends before."""
        data = b""
        while len(data) < size:
            more = self.read(size - len(data))
            if not more:
                raise Broken("cut")
            data += more
        return data

    def skip_text(self) -> None:
        """Go behind the next NUL."""
        size = 0
        while size <= _LONGEST_TEXT:
            piece = self.read()
            if not piece:
                raise Broken("cut")
            _, end, rest = piece.partition(b"\0")
            if end:
                self.hand_back(rest)
                return
            size += len(piece)
        raise Broken("damaged")

    def skip_zeros(self) -> None:
        """Go to the next byte that is not zero, or to the end."""
        while piece := self.read():
            if rest := piece.lstrip(b"\0"):
                self.hand_back(rest)
                return

    def is_at_end(self) -> bool:
        following = self.read(1)
        self.hand_back(following)
        return not following


def _gunzip(source: _Pieces) -> Iterator[bytes]:
    """All members. Header and trailer are read here, so that a wrong checksum still leaves the content."""
    while True:
        _skip_gzip_header(source)
        inflater, checksum, size = isal_zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
        for plain in _run(inflater, source):
            checksum, size = isal_zlib.crc32(plain, checksum), size + len(plain)
            yield plain
        source.hand_back(inflater.unused_data)
        trailer = source.take(8)
        if trailer != checksum.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little"):
            raise Broken("bad_checksum")
        # Padding behind the last member is common on block devices and allowed.
        source.skip_zeros()
        if source.is_at_end():
            return


def _skip_gzip_header(source: _Pieces) -> None:
    magic, flags = source.take(2), source.take(8)[1]
    if magic != GZIP:
        raise Broken("damaged")
    if flags & 4:
        source.take(int.from_bytes(source.take(2), "little"))
    for flag in (8, 16):
        if flags & flag:
            source.skip_text()
    if flags & 2:
        source.take(2)


def _run(inflater: Any, source: _Pieces) -> Iterator[bytes]:
    """One deflate stream."""
    pending = b""
    while not inflater.eof:
        pending = pending or source.read()
        is_cut = not pending
        try:
            plain = inflater.decompress(pending, CHUNK)
        except isal_zlib.error:  # type: ignore[misc]  # its stub calls the class an instance
            raise Broken("damaged") from None
        pending = inflater.unconsumed_tail
        if plain:
            yield plain
        elif is_cut:
            raise Broken("cut")


def _bunzip2(source: _Pieces) -> Iterator[bytes]:
    """All streams; bz2 checks its blocks itself."""
    while True:
        inflater = bz2.BZ2Decompressor()
        pending = b""
        while not inflater.eof:
            if inflater.needs_input:
                pending = source.read()
                if not pending:
                    raise Broken("cut")
            try:
                yield inflater.decompress(pending, CHUNK)
            except OSError:
                raise Broken("damaged") from None
            pending = b""
        source.hand_back(inflater.unused_data)
        if source.is_at_end():
            return
        magic = source.read(len(BZIP2))
        if magic != BZIP2:
            raise Broken("damaged")
        source.hand_back(magic)


def _unzstd(source: _Pieces) -> Iterator[bytes]:
    """All frames."""
    while True:
        inflater = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not inflater.eof:
            pending = source.read(_ZSTD_PIECE)
            if not pending:
                raise Broken("cut")
            try:
                plain = inflater.decompress(pending)
            except zstandard.ZstdError as error:
                raise Broken("bad_checksum" if "checksum" in str(error) else "damaged") from None
            yield from (plain[at : at + CHUNK] for at in range(0, len(plain), CHUNK))
        source.hand_back(inflater.unused_data)
        if source.is_at_end():
            return
