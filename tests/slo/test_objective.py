"""Files of objectives: what is refused, with file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from logsight_assets.errors import ConfigurationError
from logsight_assets.slo.objective import load_objectives

GOOD = "service: shop\nkind: availability\ntarget: 0.99\n"


def put(folder: Path, text: str, name: str = "o.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_an_objective(tmp_path: Path) -> None:
    put(tmp_path, "service: shop\nkind: latency\ntarget: 0.95\nthreshold_ms: 300\ntenant: acme\n", "fast.yaml")
    found = load_objectives(tmp_path)["fast"]
    assert (found.threshold_ms, found.window_days) == (300.0, 28)
    assert found.is_for("acme")
    assert not found.is_for("globex")
    assert load_objectives(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: availability\ntarget: 0.99\n", "service"),
        (GOOD.replace("0.99", "1.0"), "target"),
        (GOOD + "threshold_ms: 5\n", "threshold_ms"),
        (GOOD.replace("availability", "latency"), "threshold_ms"),
        (GOOD + "window_days: 400\n", "window_days"),
        (GOOD + "windows: 3\n", "windows"),
        (GOOD + "tenant: A/B\n", "tenant"),
        (GOOD + "name: other\n", "name"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_field(tmp_path: Path, text: str, told: str) -> None:
    file = put(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_objectives(tmp_path)
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


def test_a_file_of_another_ending_is_not_overlooked(tmp_path: Path) -> None:
    put(tmp_path, GOOD, "o.yml")
    with pytest.raises(ConfigurationError, match="rename it"):
        load_objectives(tmp_path)


def test_an_edit_that_can_change_rows_is_known_and_one_of_words_is_not(tmp_path: Path) -> None:
    def fingerprint(text: str) -> str:
        put(tmp_path, text)
        return load_objectives(tmp_path)["o"].fingerprint

    before = fingerprint(GOOD)
    assert fingerprint(GOOD + "description: what we promised\n") == before
    assert fingerprint(GOOD.replace("0.99", "0.98")) != before
