from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from logsight_assets.lake import Lake, open_lake
from logsight_assets.parquet import read_rows
from tests.intake.lakes import everything


class Clock:
    """A clock that stands where a test sets it."""

    def __init__(self, text: str) -> None:
        self.set(text)

    def set(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock("2025-07-15T00:00")


@pytest.fixture
def make_lake(tmp_path: Path, clock: Clock) -> Callable[..., Lake]:
    def make(name: str = "lake", **flags: Any) -> Lake:
        named = {key.replace("__", "."): value for key, value in flags.items()}
        return open_lake(str(tmp_path / name), {}, named, clock)

    return make


@pytest.fixture
def lake(make_lake: Callable[..., Lake]) -> Lake:
    return make_lake()


def rows_of(lake: Lake, key: str) -> list[dict[str, Any]]:
    rows: pa.Table = read_rows(lake.store, key)
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


def published(lake: Lake) -> dict[str, bytes]:
    """Every published object: key → bytes."""
    return {
        entry.key: lake.store.get(entry.key) for area in ("trends/", "patterns/") for entry in lake.store.list(area)
    }


def versions(lake: Lake) -> dict[str, str]:
    return {entry.key: entry.version for area in ("trends/", "patterns/") for entry in lake.store.list(area)}


# Markers for the stages behind: they stay until those have run.
_TOLD = ("pending/templates/", "pending/anomalies/", "pending/objectives/")


def waiting(lake: Lake) -> list[str]:
    return [entry.key for entry in lake.store.list("pending/") if not entry.key.startswith(_TOLD)]


def everything_of_trends(root: Path) -> dict[str, bytes]:
    """Every object of a lake's folder but the markers that tell the stage behind; their names are random."""
    return {key: data for key, data in everything(root).items() if not key.startswith(_TOLD)}
