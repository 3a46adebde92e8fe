"""Rows of what a wrong file declares: they stay as they were published until the file is corrected.

Whoever makes a window anew meanwhile takes them over from the window's own object, and marks the window: what has
changed in it since is not in them, so it is made once more when no file is wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import ObjectMissing
from logsight_assets.lake import mark_once
from logsight_assets.parquet import read_rows
from resources.object_store import ObjectStore

CARRIED = "carried"  # names the marker
_Window = TypeVar("_Window")


def carried_rows(store: ObjectStore, key: str, column: str, names: Collection[str]) -> list[dict[str, Any]]:
    """Rows of an object whose `column` is one of these names, in its order; none where there is no object."""
    if not names:
        return []
    try:
        rows = read_rows(store, key)
    except ObjectMissing:
        return []
    held: list[dict[str, Any]] = rows.filter(pc.is_in(rows[column], pa.array(sorted(names), pa.string()))).to_pylist()
    return held


def carried_part(rows: list[dict[str, Any]]) -> dict[str, str]:
    """What the rows add to a window's inputs: nothing where there are none."""
    if not rows:
        return {}
    text = json.dumps(rows, sort_keys=True, default=str)
    return {CARRIED: hashlib.sha256(text.encode()).hexdigest()}


def mark_carried(store: ObjectStore, level: str, window: str) -> None:
    """Say that a window was made while a file was wrong; a marker of this kind is there once."""
    mark_once(store, level, window, CARRIED)


def is_carried(marker: str) -> bool:
    """Whether a marker's key says that, and no more."""
    return marker.rpartition("/")[2].startswith(f"{CARRIED}-")


def due_while_wrong(told: Mapping[_Window, list[str]]) -> dict[_Window, list[str]]:
    """Windows with other markers than that: until the files are right, the others would be made again for nothing."""
    return {window: keys for window, keys in told.items() if not all(map(is_carried, keys))}
