"""What holds for every test: a clean environment, and property tests that repeat themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

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


def _clean() -> None:
    for name in list(os.environ):
        if name.startswith(_FOREIGN):
            del os.environ[name]
    # The SDK would look for credentials in the user's files and ask the machine's metadata service.
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"
