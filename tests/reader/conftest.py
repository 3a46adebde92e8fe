"""The small lake, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from logsight_assets.lake import Lake

from .small_lake import MINE, PLATFORM, THEIRS, empty_lake, put_tenant, tree


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Read by many tests, changed by none: `unchanged` checks it."""
    lake = empty_lake(tmp_path_factory.mktemp("lake"))
    for tenant in (MINE, THEIRS, PLATFORM):
        put_tenant(lake, tenant)
    return lake


@pytest.fixture
def unchanged(lake: Lake) -> Iterator[None]:
    """Fails the test if it changed a name or a byte of the lake."""
    root = Path(lake.store.uri("x")).parent
    before = tree(root)
    yield
    assert tree(root) == before
