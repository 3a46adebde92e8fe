"""A store that calls back around each change of another store: for barriers, for kills, for counting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from resources.object_store import ObjectInfo, ObjectStore

Hook = Callable[[str, str], None]  # operation, key


def nothing(operation: str, key: str) -> None:
    """The hook that does nothing."""


class HookedStore:
    """Passes everything on; `before` and `after` see each operation that changes the store, `reading` each that reads.

    Listings are seen by none: what a listing shows, nobody has read.
    """

    def __init__(
        self, inner: ObjectStore, before: Hook = nothing, after: Hook = nothing, reading: Hook = nothing
    ) -> None:
        self.inner, self.before, self.after, self.reading = inner, before, after, reading

    def folders(self, prefix: str) -> list[str]:
        return self.inner.folders(prefix)

    def head(self, key: str) -> ObjectInfo | None:
        return self.inner.head(key)

    def get(self, key: str) -> bytes:
        self.reading("get", key)
        return self.inner.get(key)

    def open(self, key: str) -> BinaryIO:
        self.reading("open", key)
        return self.inner.open(key)

    def uri(self, key: str) -> str:
        return self.inner.uri(key)

    def put(self, key: str, data: bytes) -> None:
        self.before("put", key)
        self.inner.put(key, data)
        self.after("put", key)

    def put_file(self, key: str, path: Path) -> None:
        self.before("put_file", key)
        self.inner.put_file(key, path)
        self.after("put_file", key)

    def put_if(self, key: str, data: bytes, version: str | None) -> bool:
        self.before("put_if", key)
        done = self.inner.put_if(key, data, version)
        self.after("put_if", key)
        return done

    def delete(self, key: str) -> None:
        self.before("delete", key)
        self.inner.delete(key)
        self.after("delete", key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self.inner.list(prefix)
