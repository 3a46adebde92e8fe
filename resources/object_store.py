"""Port: a store of whole objects by key, and its embedded adapter, a folder.

An object is whole or absent: readers never see a part of one. Conditional writes are what every single-writer rule of
the lake stands on. The S3 adapter joins with the cloud; both pass `tests/contracts/test_object_store.py`.
"""

from __future__ import annotations

import builtins
import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from logsight_assets.errors import ObjectMissing, StoreUnavailable, UsageError

_PRIVATE = ".logsight"  # state of LogSight itself and half-written objects: never listed


class ObjectInfo(NamedTuple):
    """What a listing says of an object."""

    key: str
    size: int  # bytes
    version: str  # changes with every write; compare for equality only
    modified: float  # seconds since 1970, by the store's clock


class ObjectStore(Protocol):
    """Keys are relative, `/`-separated, without `.` or `..` parts; every method raises StoreUnavailable on a fault."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose key begins with `prefix`, in key order."""

    def folders(self, prefix: str) -> builtins.list[str]:
        """Names directly below `prefix` (ends with `/` or is empty) that hold further keys, sorted."""

    def head(self, key: str) -> ObjectInfo | None:
        """The object's entry, or None."""

    def get(self, key: str) -> bytes:
        """The whole object; ObjectMissing if absent."""

    def open(self, key: str) -> BinaryIO:
        """A stream of the object; ObjectMissing if absent."""

    def put(self, key: str, data: bytes) -> None:
        """Write whole, replacing what is there."""

    def put_file(self, key: str, path: Path) -> None:
        """Write the file's content whole; the file may be gone afterwards."""

    def put_if(self, key: str, data: bytes, version: str | None) -> bool:
        """Write only if the object still has `version` (None: is absent). False if it does not."""

    def delete(self, key: str) -> None:
        """Remove; absent is fine."""

    def uri(self, key: str) -> str:
        """What a query engine reads the object by."""


def sha256_of(store: ObjectStore, key: str) -> str:
    """Hex digest of an object's content, streamed."""
    digest = hashlib.sha256()
    with store.open(key) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


class FolderStore:
    """Objects as files below a folder of a local disk; writes are rename, conditions are a lock per key."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).absolute()

    def path(self, key: str) -> Path:
        """Where the object lies; UsageError for a key that would leave the folder."""
        if not key or key.startswith("/") or any(part in ("", ".", "..") for part in key.split("/")):
            raise UsageError(f"object key {key!r} has an empty, '.' or '..' part, or is absolute")
        return self.root / key

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        folder, _, start = prefix.rpartition("/")
        top = self.root / folder if folder else self.root
        yield from self._walk(top, f"{folder}/" if folder else "", start)

    def _walk(self, folder: Path, prefix: str, start: str) -> Iterator[ObjectInfo]:
        try:
            # A folder sorts as "name/", as its keys do in an object store.
            entries = sorted(
                ((entry.name + "/" if entry.is_dir() else entry.name, entry) for entry in os.scandir(folder)),
                key=lambda pair: pair[0],
            )
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StoreUnavailable(f"folder {folder}: {error.strerror}") from error
        for name, entry in entries:
            if not name.startswith(start) or name.startswith(_PRIVATE):
                continue
            if name.endswith("/"):
                yield from self._walk(Path(entry.path), prefix + name, "")
                continue
            with contextlib.suppress(FileNotFoundError):  # removed since the listing
                stat = entry.stat()
                yield ObjectInfo(prefix + name, stat.st_size, _version(stat), stat.st_mtime)

    def folders(self, prefix: str) -> builtins.list[str]:
        try:
            with os.scandir(self.root / prefix) as entries:
                return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith(_PRIVATE))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreUnavailable(f"folder {self.root / prefix}: {error.strerror}") from error

    def head(self, key: str) -> ObjectInfo | None:
        try:
            stat = self.path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return ObjectInfo(key, stat.st_size, _version(stat), stat.st_mtime)

    def get(self, key: str) -> bytes:
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: str) -> BinaryIO:
        try:
            return self.path(key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise ObjectMissing(f"object {key} is not in {self.root}") from error
        except OSError as error:
            raise StoreUnavailable(f"object {key} in {self.root}: {error.strerror}") from error

    def put(self, key: str, data: bytes) -> None:
        self._place(key, self._written(data))

    def put_file(self, key: str, path: Path) -> None:
        if path.stat().st_dev != self._staging_folder().stat().st_dev:
            # Another disk: a rename cannot cross it, so copy beside the target first.
            path = Path(shutil.copyfile(path, self._staging_file()))
        self._place(key, path)

    def put_if(self, key: str, data: bytes, version: str | None) -> bool:
        with self._lock(key):
            present = self.head(key)
            if (present.version if present else None) != version:
                return False
            self.put(key, data)
            return True

    def delete(self, key: str) -> None:
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"object {key} in {self.root}: {error.strerror}") from error
        # Empty folders are no objects: an emptied hour must look as if it had never been.
        for parent in path.parents:
            if parent == self.root:
                break
            try:
                parent.rmdir()
            except OSError:
                break

    def uri(self, key: str) -> str:
        return str(self.path(key))

    def _staging_folder(self) -> Path:
        folder = self.root / _PRIVATE / "staging"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _staging_file(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self._staging_folder())
        os.close(handle)
        return Path(name)

    def _written(self, data: bytes) -> Path:
        staged = self._staging_file()
        staged.write_bytes(data)
        return staged

    def _place(self, key: str, staged: Path) -> None:
        target = self.path(key)
        try:
            for _ in range(100):
                target.parent.mkdir(parents=True, exist_ok=True)
                # A concurrent delete may have removed the empty folder in between.
                with contextlib.suppress(FileNotFoundError):
                    staged.chmod(0o644)
                    staged.replace(target)
                    return
            raise StoreUnavailable(f"object {key}: its folder in {self.root} keeps vanishing")
        except OSError as error:
            raise StoreUnavailable(f"object {key} in {self.root}: {error.strerror}") from error

    @contextlib.contextmanager
    def _lock(self, key: str) -> Iterator[None]:
        # One of 256 lock files: enough to keep writers of different keys apart, few enough never to need clearing.
        name = hashlib.sha256(key.encode()).hexdigest()[:2]
        folder = self.root / _PRIVATE / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _version(stat: os.stat_result) -> str:
    return f"{stat.st_mtime_ns:x}-{stat.st_ino:x}-{stat.st_size:x}"
