"""Compression by content, faults counted, limits kept: on bytes as stores and networks leave them."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.intake.unpack import CHUNK, Unpacked, unpack
from logsight_assets.settings import Limits

TEXT = b"".join(b'{"body":"line %d"}\n' % n for n in range(5000))
ZSTD = zstandard.ZstdCompressor(write_checksum=True)


def unpacked(data: bytes, tmp_path: Path, limits: Limits | None = None) -> tuple[Unpacked, bytes]:
    found = unpack(io.BytesIO(data), tmp_path / "plain", limits or Limits())
    return found, found.path.read_bytes()


WHOLE = {
    "plain": TEXT,
    "gzip": gzip.compress(TEXT),
    "gzip_members": gzip.compress(TEXT[:700]) + gzip.compress(TEXT[700:]),
    "gzip_with_a_name": b"\x1f\x8b\x08\x08\0\0\0\0\0\xffname\0" + gzip.compress(TEXT)[10:],
    "gzip_with_padding": gzip.compress(TEXT) + bytes(512),
    "zstd": ZSTD.compress(TEXT),
    "zstd_frames": ZSTD.compress(TEXT[:700]) + ZSTD.compress(TEXT[700:]),
    "bzip2": bz2.compress(TEXT),
    "bzip2_streams": bz2.compress(TEXT[:700]) + bz2.compress(TEXT[700:]),
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE.keys())
def test_whole_objects_are_read_whole(data: bytes, tmp_path: Path) -> None:
    found, plain = unpacked(data, tmp_path)
    assert plain == TEXT
    assert (found.lines, found.faults, found.raw_bytes) == (5000, [], len(data))
    assert found.content_sha256 == hashlib.sha256(data).hexdigest()


CUT = {name: data for name, data in WHOLE.items() if name not in ("plain", "gzip_with_padding")}


@pytest.mark.parametrize("data", CUT.values(), ids=CUT.keys())
def test_a_cut_object_gives_its_whole_lines_and_one_fault(data: bytes, tmp_path: Path) -> None:
    found, plain = unpacked(data[:-9], tmp_path)
    assert found.faults == ["cut"]
    assert TEXT.startswith(plain)
    assert plain == b"" or plain.endswith(b"\n")
    assert found.lines == plain.count(b"\n")


def test_a_wrong_checksum_keeps_the_lines_and_is_a_fault(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(TEXT))
    data[-5] ^= 1
    found, plain = unpacked(bytes(data), tmp_path)
    assert found.faults == ["bad_checksum"]
    assert plain == TEXT


def test_damage_in_the_middle_keeps_what_comes_before(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(TEXT, 0))
    data[40_000:40_010] = bytes(10)
    found, plain = unpacked(bytes(data), tmp_path)
    assert len(found.faults) == 1
    assert plain.startswith(TEXT[:1000])


def test_an_unterminated_last_line_counts(tmp_path: Path) -> None:
    found, plain = unpacked(b"one\ntwo", tmp_path)
    assert (found.lines, plain) == (2, b"one\ntwo\n")


def test_an_empty_object_has_no_lines(tmp_path: Path) -> None:
    assert unpacked(gzip.compress(b""), tmp_path)[0].lines == 0
    assert unpacked(b"", tmp_path)[0].lines == 0


def test_a_long_line_is_known_by_place_and_hash_alone(tmp_path: Path) -> None:
    limits = Limits(max_line_bytes=CHUNK)
    long = b"x" * (3 * CHUNK + 17)
    found, plain = unpacked(b"before\n" + long + b"\nafter\n", tmp_path, limits)
    assert plain == b"before\n\nafter\n"
    (line,) = found.long_lines
    assert (line.line, line.offset, line.length) == (2, 7, len(long))
    assert line.sha256 == hashlib.sha256(long).hexdigest()
    assert found.lines == 3


def test_past_the_limit_of_an_object_its_whole_lines_are_kept(tmp_path: Path) -> None:
    found, plain = unpacked(TEXT, tmp_path, Limits(max_object_bytes=5000))
    assert found.faults == ["too_long"]
    assert plain == TEXT[: TEXT.rfind(b"\n", 0, 5000) + 1]


def test_an_object_of_very_many_members_is_read_whole(tmp_path: Path) -> None:
    """As a delivery stream concatenates them: a gzip of each record."""
    lines = [b'{"body":"line %d"}\n' % n for n in range(30_000)]
    found, plain = unpacked(b"".join(gzip.compress(line, 1) for line in lines), tmp_path)
    assert (found.faults, found.lines) == ([], 30_000)
    assert plain == b"".join(lines)


def test_a_gzip_header_without_end_is_damage_and_padding_without_end_is_none(tmp_path: Path) -> None:
    endless = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"n" * (3 * CHUNK)
    assert unpacked(endless, tmp_path)[0].faults == ["damaged"]
    found, plain = unpacked(gzip.compress(TEXT) + bytes(5 * CHUNK) + gzip.compress(TEXT), tmp_path)
    assert (found.faults, plain) == ([], TEXT + TEXT)


@given(cut=st.integers(30, 6_000))
def test_of_a_cut_gzip_every_line_is_kept_that_its_bytes_tell(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    """Lines that repeat: a few bytes stand for more than an inflater gives at a time."""
    data = gzip.compress(b'{"body":"again and again"}\n' * 200_000)[:cut]
    told = zlib.decompressobj(31).decompress(data)
    found, plain = unpacked(data, tmp_path_factory.mktemp("cut"))
    assert found.faults == ["cut"]
    assert plain == told[: told.rfind(b"\n") + 1]


def test_a_line_that_grows_when_it_is_transcoded_keeps_its_length(tmp_path: Path) -> None:
    line = "漢" * (CHUNK // 2 - 100)
    found, plain = unpacked(f"one\n{line}\ntwo\n".encode("utf-16"), tmp_path)
    assert plain == f"one\n{line}\ntwo\n".encode()
    assert found.longest_line >= len(line.encode())


def test_utf16_becomes_utf8(tmp_path: Path) -> None:
    assert unpacked("größe\nzwei\n".encode("utf-16"), tmp_path)[1] == "größe\nzwei\n".encode()
    assert unpacked(b"\xef\xbb\xbfone\n", tmp_path)[1] == b"one\n"


@given(st.binary(max_size=3000), st.sampled_from([b"", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x28\xb5\x2f\xfd", b"BZh9"]))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes) -> None:
    found, plain = unpacked(head + data, tmp_path_factory.mktemp("any"))
    assert found.lines == plain.count(b"\n")
