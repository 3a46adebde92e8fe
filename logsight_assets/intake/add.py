"""`logsight add`: files of a machine become raw objects, verbatim, as a delivery stream would put them.

What was added is known from the names of the raw objects alone (see `imports.py`): the same file again adds nothing, a
grown text file adds its new whole lines, a compressed file that changed is a new object.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from logsight_assets.errors import PermanentError, UsageError
from logsight_assets.intake.imports import ImportName
from logsight_assets.intake.inflate import PACKED
from logsight_assets.intake.raw import MISNAMED, is_arrival_hour, misnamed
from logsight_assets.lake import MIXED, Lake, mark, raw_prefix, values
from logsight_assets.scratch import scratch_folder
from logsight_assets.settings import TENANT_NAME
from logsight_assets.timeline import Hour
from resources.object_store import FolderStore

DEFAULT_SOURCE = "import"
# A part is read by one thread: larger files are cut at a line end, so that they do not wait for each other.
_LONGEST_PART = 256 << 20
_LEVELS = 4  # folders of the raw layout: tenant, source, day, hour


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
    """Put files and folders into raw; a file that cannot be opened keeps no other from being put.

    Raises UsageError, before anything is put, for a path that is not there, and at the end PermanentError for files
    that could not be opened.
    """
    hour = arrival_hour or lake.now
    if not is_arrival_hour(hour):
        raise UsageError(f"--arrival {hour}: must be an hour of the years 2000 to 2099")
    added: list[Added] = []
    closed: list[str] = []
    with scratch_folder(lake.state) as scratch:
        for file, key in _found(lake, paths, closed):
            try:
                stream = file.open("rb")
            except OSError as error:
                closed.append(_told(error))
                continue
            with stream:
                added += (
                    _add_file(lake, file, stream, defaults, hour, scratch)
                    if key is None
                    else _add_object(lake, file, stream, key, scratch)
                )
    if closed:
        told = "\n  ".join(closed)
        raise PermanentError(f"{len(added)} added; {len(closed)} not, because they cannot be opened:\n  {told}")
    return added


def _found(lake: Lake, paths: Sequence[Path], closed: list[str]) -> list[tuple[Path, str | None]]:
    """Files at these paths, with their keys where they lie in the raw layout; UsageError for what is no file."""
    own = Path(lake.store.uri("raw")).parent
    found: list[tuple[Path, str | None]] = []
    for path in paths:
        mode = _mode(path, closed)
        if mode is None:
            raise UsageError(f"{path}: no such file or folder")
        if not mode:
            continue
        if stat.S_ISREG(mode):
            found.append((path, None))
        elif not stat.S_ISDIR(mode):
            raise UsageError(f"{path}: is neither a file nor a folder")
        elif (layout := _raw_layout(path)) is not None:
            files = [(file, file.relative_to(layout)) for file in _files_below(layout, closed)]
            found += [(file, f"raw/{place.as_posix()}") for file, place in files if len(place.parts) > _LEVELS]
        else:
            # Whoever stands above the lake means the logs beside it.
            found += [(file, None) for file in _files_below(path, closed) if own not in file.absolute().parents]
    return found


def _files_below(folder: Path, closed: list[str]) -> list[Path]:
    """Files of a folder, without hidden ones; what cannot be looked at is told in `closed`."""
    found: list[Path] = []
    for top, folders, files in os.walk(folder, onerror=lambda error: closed.append(_told(error))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(top, name) for name in files if not name.startswith(".")]
    return sorted(file for file in found if stat.S_ISREG(_mode(file, closed) or 0))


def _mode(path: Path, closed: list[str]) -> int | None:
    """Mode of what stands there; None if nothing does, 0 if nobody may look, which is told in `closed`."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        closed.append(_told(error))
        return 0


def _told(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}"


def _raw_layout(path: Path) -> Path | None:
    """The folder that holds `tenant=…/source=…/dt=…` if this is a lake's raw, or a folder with one inside."""
    for folder in (path / "raw", path):
        if folder.is_dir() and any(folder.glob("tenant=*/source=*/dt=*/hour=*")):
            if wrong := misnamed(FolderStore(folder), ""):
                raise UsageError(f"{folder / wrong[0]}: {MISNAMED}")
            return folder
    return None


def _add_object(lake: Lake, file: Path, stream: BinaryIO, key: str, scratch: Path) -> Iterator[Added]:
    """Put a file of the raw layout where it belongs."""
    size = file.stat().st_size
    present = lake.store.head(key)
    if present is None or present.size != size:
        with (scratch / "object").open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        lake.store.put_file(key, scratch / "object")
        parts = dict(part.split("=", 1) for part in key.split("/") if "=" in part)
        mark(lake.store, "arrivals", f"{parts['dt']}T{parts['hour']}", "added")
        yield Added(key, str(file), size)


def _add_file(
    lake: Lake, file: Path, stream: BinaryIO, defaults: Defaults, hour: Hour, scratch: Path
) -> Iterator[Added]:
    """Put of a file what was not put before."""
    path = os.fsencode(file.absolute())
    digest = hashlib.sha256(defaults.source.encode() + b"\0" + path).hexdigest()[:16]
    present = _present_parts(lake, defaults.source, digest)
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
            out.writelines(_blocks(stream, begin, end))
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
    """How far the file's beginning is what was added before, in whole lines; 0 for one that was replaced (a rotation).

    A line that was in the making then is read again when it is whole: its half is no line that anybody wrote.
    """
    reached = 0
    for part in present:
        if part.start <= reached < part.end and _digest(stream, part.start, part.end) == part.content_digest:
            reached = part.end
    return _line_end(stream, 0, reached)


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
