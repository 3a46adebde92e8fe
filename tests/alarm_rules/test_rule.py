"""Files of alarm rules: what is refused, with file and field, and which rules hold without any."""

from __future__ import annotations

from pathlib import Path

import pytest

from logsight_assets.alarm_rules.rule import DEFAULTS, read_rules
from logsight_assets.errors import ConfigurationError


def put(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


GOOD = "metric: error_ratio\nthreshold: 0.1\n"


def test_a_file_is_a_rule(tmp_path: Path) -> None:
    put(tmp_path, "slow.yaml", "metric: duration_p95_ms\nthreshold: 800\nservice: checkout\n")
    rule = read_rules(tmp_path).whole()["slow"]
    assert (rule.service, rule.threshold, rule.treat_missing_data) == ("checkout", 800.0, "missing")


def test_default_rules_hold_without_a_file_and_a_file_replaces_or_ends_one(tmp_path: Path) -> None:
    assert set(read_rules(tmp_path).whole()) == {rule.name for rule in DEFAULTS}
    put(tmp_path, "error-ratio.yaml", "metric: error_ratio\nthreshold: 0.5\n")
    put(tmp_path, "error-surge.yaml", GOOD + "enabled: false\n")
    found = read_rules(tmp_path).whole()
    assert found["error-ratio"].threshold == 0.5
    assert "error-surge" not in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metric: error_ratio\n", "threshold"),
        ("metric: errors\nthreshold: 1\n", "metric"),
        (GOOD + "treshold: 2\n", "treshold"),
        (GOOD + "evaluation_periods: 2\ndatapoints_to_alarm: 3\n", "datapoints_to_alarm"),
        (GOOD + "period_minutes: 7\n", "period_minutes"),
        (GOOD + "period_minutes: 60\nevaluation_periods: 30\n", "1440 minutes"),
        (GOOD + "treat_missing_data: good\n", "treat_missing_data"),
        (GOOD + "tenant: A/B\n", "tenant"),
        (GOOD + "threshold: .nan\n", "threshold"),
        ("metric: anomaly_score\nthreshold: 8\n", "period_minutes"),
        ("metric: burn_rate\nthreshold: 14\n", "objective"),
        (GOOD + "objective: availability\n", "objective"),
        (GOOD + "name: other\n", "name"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_field(tmp_path: Path, text: str, told: str) -> None:
    file = put(tmp_path, "rule.yaml", text)
    with pytest.raises(ConfigurationError) as caught:
        read_rules(tmp_path).whole()
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


def test_a_file_of_another_ending_is_not_overlooked(tmp_path: Path) -> None:
    put(tmp_path, "rule.yml", GOOD)
    with pytest.raises(ConfigurationError, match="rename it"):
        read_rules(tmp_path).whole()
