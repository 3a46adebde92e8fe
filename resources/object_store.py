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
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from logsight_assets.errors import ObjectMissing, StoreUnavailable, UsageError

_PRIVATE = ".logsight"  # state of LogSight itself and half-written objects: never listed
# A part that is empty, '.' or '..', or private; or a NUL, which would end the name there.
_OUTSIDE = re.compile(rf"(?:^|/)(?:\.{{0,2}}(?:/|\Z)|{re.escape(_PRIVATE)})|\0")


class ObjectInfo(NamedTuple):
    """What a listing says of an object."""

    key: str
    size: int  # bytes
    version: str  # changes with every write; compare for equality only
    modified: float  # seconds since 1970, by the store's clock


class ObjectStore(Protocol):
    """Keys are relative, `/`-separated, without empty, `.` or `..` parts; a prefix is the beginning of one.

    Every method raises UsageError for what is no key, StoreUnavailable on a fault.
    """

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
        self._root = str(self.root).rstrip("/")

    def path(self, key: str) -> Path:
        """Where the object lies; UsageError for a key that would leave the folder."""
        return Path(self.uri(key))

    def uri(self, key: str) -> str:
        if _OUTSIDE.search(key):
            raise UsageError(f"object key {key!r} is absolute, or has an empty, '.', '..' or {_PRIVATE!r} part")
        _check_text(key)
        return f"{self._root}/{key}"

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        folder, _, start = prefix.rpartition("/")
        if "/" in prefix:
            self.path(folder)
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
            _check_text(prefix + name)
            if name.endswith("/"):
                yield from self._walk(Path(entry.path), prefix + name, "")
                continue
            with contextlib.suppress(FileNotFoundError):  # removed since the listing
                found = entry.stat()
                # Opening a pipe would wait for whoever writes into it.
                if stat.S_ISREG(found.st_mode):
                    yield _info(prefix + name, found)

    def folders(self, prefix: str) -> builtins.list[str]:
        folder = self.path(prefix.removesuffix("/")) if prefix else self.root
        try:
            with os.scandir(folder) as entries:
                return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith(_PRIVATE))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreUnavailable(f"folder {folder}: {error.strerror}") from error

    def head(self, key: str) -> ObjectInfo | None:
        try:
            found = self.path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unavailable(key, error) from error
        return _info(key, found) if stat.S_ISREG(found.st_mode) else None

    def get(self, key: str) -> bytes:
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: str) -> BinaryIO:
        try:
            return self.path(key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise ObjectMissing(f"object {key} is not in {self.root}") from error
        except OSError as error:
            raise self._unavailable(key, error) from error

    def put(self, key: str, data: bytes) -> None:
        target = self.path(key)
        with self._staging(key) as staged:
            staged.write_bytes(data)
            self._place(target, staged)

    def put_file(self, key: str, path: Path) -> None:
        target = self.path(key)
        try:
            is_near = path.stat().st_dev == self._staging_folder().stat().st_dev
            if is_near:
                self._place(target, path)
        except OSError as error:
            raise self._unavailable(key, error) from error
        if not is_near:
            # Another disk: a rename cannot cross it, so copy beside the target first.
            with self._staging(key) as staged:
                shutil.copyfile(path, staged)
                self._place(target, staged)

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
        except (NotADirectoryError, IsADirectoryError):
            return  # an object above it, or objects below it: there is none of this key
        except OSError as error:
            raise self._unavailable(key, error) from error
        # Empty folders are no objects: an emptied hour must look as if it had never been.
        for parent in path.parents:
            if parent == self.root:
                break
            try:
                parent.rmdir()
            except OSError:
                break

    @contextlib.contextmanager
    def _staging(self, key: str) -> Iterator[Path]:
        """An empty file on the store's own disk; it goes with the block unless it was placed."""
        try:
            handle, name = tempfile.mkstemp(dir=self._staging_folder())
            os.close(handle)
            try:
                yield Path(name)
            finally:
                Path(name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(key, error) from error

    def _staging_folder(self) -> Path:
        folder = self.root / _PRIVATE / "staging"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _place(self, target: Path, staged: Path) -> None:
        staged.chmod(0o644)
        # The kernel's own stamps may be 4 ms apart: three writes within them could look like one version.
        now = time.time_ns()
        os.utime(staged, ns=(now, now))
        for _ in range(100):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.replace(target)
            except (FileNotFoundError, FileExistsError) as error:
                fault = error  # a concurrent delete may remove the emptied folder at any moment
            else:
                return
        raise fault

    def _unavailable(self, key: str, error: OSError) -> StoreUnavailable:
        return StoreUnavailable(f"object {key} in {self.root}: {error.strerror}")

    @contextlib.contextmanager
    def _lock(self, key: str) -> Iterator[None]:
        self.path(key)
        # One of 256 lock files: enough to keep writers of different keys apart, few enough never to need clearing.
        name = hashlib.sha256(key.encode()).hexdigest()[:2]
        folder = self.root / _PRIVATE / "locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = (folder / name).open("w")
        except OSError as error:
            raise self._unavailable(key, error) from error
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _check_text(key: str) -> None:
    """Keys are UTF-8, as in every object store; a folder may hold names that are not."""
    if not key.isascii():
        try:
            key.encode()
        except UnicodeEncodeError:
            raise UsageError(f"object key {key!r} is no UTF-8; rename the file") from None


def _info(key: str, found: os.stat_result) -> ObjectInfo:
    version = f"{found.st_mtime_ns:x}-{found.st_ino:x}-{found.st_size:x}"
    return ObjectInfo(key, found.st_size, version, found.st_mtime)
