"""Answers about objects that cost reading them, remembered while the object's version stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from resources.object_store import ObjectInfo, ObjectStore

_T = TypeVar("_T")


class Remembered(Generic[_T]):
    """`ask(store, key)` once for each version of an object; at most `size` answers, the oldest go first.

    A version never comes back with other content (see `ObjectInfo`), so an answer read just after the object changed
    is stored under a version that nobody lists again.
    """

    def __init__(self, ask: Callable[[ObjectStore, str], _T], size: int) -> None:
        self._ask = ask
        self._size = size
        self._answers: dict[tuple[str, str], _T] = {}
        self._lock = threading.Lock()

    def __call__(self, store: ObjectStore, entry: ObjectInfo) -> _T:
        name = (store.uri(entry.key), entry.version)
        with self._lock:
            if name in self._answers:
                return self._answers[name]
        answer = self._ask(store, entry.key)
        with self._lock:
            if len(self._answers) >= self._size:
                del self._answers[next(iter(self._answers))]
            self._answers[name] = answer
        return answer
