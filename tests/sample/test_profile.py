"""The bench's generator: its truth is what a plain reader counts, and bytes depend on seed, end and number alone."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "bench" / "profile_logs.py"


@pytest.fixture(scope="module")
def profile() -> ModuleType:
    spec = importlib.util.spec_from_file_location("profile_logs", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["profile_logs"] = module
    spec.loader.exec_module(module)
    return module


def _settings(profile: ModuleType, folder: Path, **change: Any) -> Any:
    base = profile.Settings(str(folder), 7, 1_748_822_400 * profile.NS, 1, 0.0)
    return base._replace(**change)


def _lines(folder: Path) -> list[bytes]:
    files = sorted(folder.glob("raw/tenant=_mixed/source=bench/dt=*/hour=*/*.json.gz"))
    return [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]


def test_counts_are_those_of_a_plain_reader(profile: ModuleType, tmp_path: Path) -> None:
    settings = _settings(profile, tmp_path)
    parts = [profile.write_object(settings, number) for number in (0, 1)]
    stated = parts[0][0] + parts[1][0]
    total = parts[0][1] + parts[1][1]
    distinct: dict[str, str] = {}
    bad = repeated = with_duration = size = 0
    for line in _lines(tmp_path):
        size += len(line)
        try:
            record = json.loads(line)
        except ValueError:
            bad += 1
            continue
        hour = datetime.fromtimestamp(record["timeUnixNano"] // 10**9, UTC).strftime("%Y-%m-%dT%H")
        who = record["resource"]
        repeated += record["event_id"] in distinct
        distinct[record["event_id"]] = f"{who['tenant.id']}|{hour}|{who['service.name']}|{record['severityNumber']}"
        with_duration += "duration_ms" in record["attributes"]
    assert Counter(distinct.values()) == stated
    assert (total["lines"], total["bad_lines"], total["duplicates"]) == (100_000, bad, repeated) == (100_000, 50, 100)
    assert total["late"] / 100_000 == pytest.approx(0.02, abs=0.003)
    assert with_duration / 100_000 == pytest.approx(0.25, abs=0.01)
    assert size / 100_000 == pytest.approx(765, abs=20)
    assert len({cell.split("|")[0] for cell in stated}) == 6
    assert len({cell.split("|")[2] for cell in stated}) == 16


def test_an_object_is_the_same_each_time(profile: ModuleType, tmp_path: Path) -> None:
    digests = set()
    for folder in ("a", "b"):
        profile.write_object(_settings(profile, tmp_path / folder), 7)
        digests.add(hashlib.sha256(b"\n".join(_lines(tmp_path / folder))).hexdigest())
    assert len(digests) == 1


def test_mail_addresses_come_in_the_share_asked_for(profile: ModuleType, tmp_path: Path) -> None:
    profile.write_object(_settings(profile, tmp_path, pii=0.2), 3)
    lines = _lines(tmp_path)
    assert sum(b"@example.com" in line for line in lines) / len(lines) == pytest.approx(0.2, abs=0.01)
