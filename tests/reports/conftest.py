from __future__ import annotations

from pathlib import Path

import pytest

from logsight_assets.lake import Lake
from tests.reports.lakes import new_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path / "lake")
