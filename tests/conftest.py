"""What holds for every test: a clean environment, property tests that repeat themselves, a lake and an engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from logsight_assets.lake import Lake
    from resources.query_engine import DuckDBEngine

_FOREIGN = ("AWS_", "DAGSTER_", "LOGSIGHT_")

# A loaded machine is no failure, and a run shows what the run before showed. To look for new examples:
# `pytest --hypothesis-profile=explore`.
hypothesis.settings.register_profile("logsight", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("logsight")


def pytest_configure() -> None:
    """Clean once before anything is imported or set up, so that fixtures of a session see no host either."""
    _clean()


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Nothing that the host or an earlier test has set can change a result."""
    _clean()
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake; a folder of tests may have another."""
    from tests.intake.lakes import make_lake

    return make_lake(tmp_path / "lake")


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    """Loaded here and not above: nothing is imported before the environment is clean."""
    from resources.query_engine import DuckDBEngine

    engine = DuckDBEngine(memory_mb=256, threads=1, scratch=tmp_path_factory.mktemp("spill"))
    yield engine
    engine.close()


def _clean() -> None:
    for name in list(os.environ):
        if name.startswith(_FOREIGN):
            del os.environ[name]
    # The SDK would look for credentials in the user's files and ask the machine's metadata service.
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"
