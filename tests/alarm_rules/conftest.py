from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from logsight_assets.lake import Lake
from resources.query_engine import DuckDBEngine
from tests.intake.lakes import make_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return make_lake(tmp_path / "lake")


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(memory_mb=256, threads=1, scratch=tmp_path_factory.mktemp("spill"))
    yield engine
    engine.close()
