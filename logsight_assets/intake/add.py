"""`logsight add`: files of a machine become raw objects, verbatim, as a delivery stream would put them.

What was added is known from the names of the raw objects alone (see `imports.py`): the same file again adds nothing, a
grown text file adds its new whole lines, a compressed file that changed is a new object.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from logsight_assets.errors import UsageError
from logsight_assets.intake.imports import ImportName
from logsight_assets.intake.unpack import PACKED
from logsight_assets.lake import MIXED, Lake, mark, raw_prefix, values
from logsight_assets.scratch import scratch_folder
from logsight_assets.settings import TENANT_NAME
from logsight_assets.timeline import Hour

DEFAULT_SOURCE = "import"
# A part is read by one thread: larger files are cut at a line end, so that they do not wait for each other.
_LONGEST_PART = 256 << 20


@dataclass(frozen=True)
class Added:
    """A raw object that was put."""

    key: str
    path: str
    size: int


@dataclass(frozen=True)
class Defaults:
    """What holds for lines that do not say it themselves."""

    source: str = DEFAULT_SOURCE
    tenant: str | None = None
    service: str | None = None
    environment: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("--tenant", self.tenant), ("--source", self.source)):
            if value is not None and not TENANT_NAME.fullmatch(value):
                raise UsageError(f"{name} {value!r} must match {TENANT_NAME.pattern}")


def add(lake: Lake, paths: Sequence[Path], defaults: Defaults, arrival_hour: Hour | None = None) -> list[Added]:
    """Put files and folders into raw; UsageError for a path that is not there."""
    hour = arrival_hour or lake.now
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    added: list[Added] = []
    with scratch_folder(lake.state) as scratch:
        for path in paths:
            layout = _raw_layout(path)
            if layout is not None:
                added += _add_layout(lake, layout, scratch)
            else:
                for file in _files(path):
                    added += _add_file(lake, file, defaults, hour, scratch)
    return added


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
            yield file


def _raw_layout(path: Path) -> Path | None:
    """The folder that holds `tenant=…/source=…/dt=…` if this is a lake's raw, or a folder with one inside."""
    for folder in (path / "raw", path):
        if folder.is_dir() and any(folder.glob("tenant=*/source=*/dt=*/hour=*")):
            return folder
    return None


def _add_layout(lake: Lake, raw: Path, scratch: Path) -> list[Added]:
    added = []
    for file in sorted(raw.glob("tenant=*/source=*/dt=*/hour=*/*")):
        key = f"raw/{file.relative_to(raw).as_posix()}"
        present = lake.store.head(key)
        if not file.is_file() or (present is not None and present.size == file.stat().st_size):
            continue
        size = file.stat().st_size
        lake.store.put_file(key, Path(shutil.copyfile(file, scratch / "object")))
        parts = dict(part.split("=", 1) for part in key.split("/") if "=" in part)
        mark(lake.store, "arrivals", f"{parts['dt']}T{parts['hour']}", "added")
        added.append(Added(key, str(file), size))
    return added


def _add_file(lake: Lake, file: Path, defaults: Defaults, hour: Hour, scratch: Path) -> Iterator[Added]:
    path = os.fsencode(file.absolute())
    digest = hashlib.sha256(defaults.source.encode() + b"\0" + path).hexdigest()[:16]
    present = _present_parts(lake, defaults.source, digest)
    with file.open("rb") as stream:
        head = stream.read(1 << 16)
        is_text = not head.startswith(PACKED)
        size = file.stat().st_size
        start = _added_so_far(stream, present) if is_text else 0
        header = _header(head) if start else b""
        for begin, end in _parts(stream, start, size, is_text=is_text):
            content = _digest(stream, begin, end)
            if any(part.content_digest == content and (part.start, part.end) == (begin, end) for part in present):
                continue
            name = ImportName(
                file.name, digest, begin, end, content, defaults.tenant, defaults.service, defaults.environment
            )
            key = f"{raw_prefix(MIXED, defaults.source, hour)}{name}"
            staged = scratch / "object"
            with staged.open("wb") as out:
                out.write(header)
                _copy(stream, begin, end, out)
            lake.store.put_file(key, staged)
            mark(lake.store, "arrivals", str(hour), "added")
            yield Added(key, path.decode("utf-8", "backslashreplace"), end - begin)


def _present_parts(lake: Lake, source: str, path_digest: str) -> list[ImportName]:
    found = []
    top = f"raw/tenant={MIXED}/source={source}/"
    for day in values(lake.store, top, "dt"):
        for entry in lake.store.list(f"{top}dt={day}/"):
            name = ImportName.parse(entry.key.rpartition("/")[2])
            if name and name.path_digest == path_digest:
                found.append(name)
    return sorted(found, key=lambda name: (name.start, name.end))


def _added_so_far(stream: BinaryIO, present: list[ImportName]) -> int:
    """How far the file's beginning is what was added before; 0 for a file that was replaced (a rotation)."""
    reached = 0
    for part in present:
        if part.start == reached and _digest(stream, part.start, part.end) == part.content_digest:
            reached = part.end
    return reached


def _parts(stream: BinaryIO, start: int, size: int, *, is_text: bool) -> Iterator[tuple[int, int]]:
    """Cuts of what is new, at line ends. Of a grown file the unfinished last line waits for its end."""
    if not is_text:
        if size:
            yield 0, size
        return
    end = _line_end(stream, start, size) if start else size
    while start < end:
        cut = end if end - start <= _LONGEST_PART else (_line_end(stream, start, start + _LONGEST_PART) or end)
        yield start, cut
        start = cut


def _line_end(stream: BinaryIO, start: int, limit: int) -> int:
    """Offset behind the last line end in [start, limit); 0 if there is none."""
    at = limit
    while at > start:
        begin = max(start, at - (1 << 16))
        stream.seek(begin)
        found = stream.read(at - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    return 0


def _header(head: bytes) -> bytes:
    """Lines at the top that later lines cannot be read without: W3C directives, the names of flow-log fields."""
    lines = head.split(b"\n")
    kept: list[bytes] = []
    for line in lines[:-1]:
        if line.startswith(b"#") or (not kept and line.startswith(b"version ") and b"account-id" in line):
            kept.append(line + b"\n")
        else:
            break
    return b"".join(kept)


def _blocks(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    stream.seek(start)
    while start < end:
        block = stream.read(min(1 << 20, end - start))
        if not block:
            return
        start += len(block)
        yield block


def _digest(stream: BinaryIO, start: int, end: int) -> str:
    digest = hashlib.sha256()
    for block in _blocks(stream, start, end):
        digest.update(block)
    return digest.hexdigest()[:16]


def _copy(stream: BinaryIO, start: int, end: int, out: BinaryIO) -> None:
    out.writelines(_blocks(stream, start, end))
