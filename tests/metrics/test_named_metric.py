"""Files of named metrics: what is refused, with file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from logsight_assets.errors import ConfigurationError
from logsight_assets.metrics.named_metric import load_metrics, own_name
from resources.metrics import Series

GOOD = "service: checkout\nmetric: queue.depth\n"


def put(folder: Path, text: str, name: str = "depth.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_a_metric_with_a_series_for_each_statistic(tmp_path: Path) -> None:
    put(
        tmp_path, GOOD + "namespace: App\ndimensions: {b: '2', a: '1'}\nstatistics: [Sum, p99.9]\nperiod_seconds: 300\n"
    )
    found = load_metrics(tmp_path)["depth"]
    dimensions = (("a", "1"), ("b", "2"))
    assert found.series == (
        Series("App", "queue.depth", dimensions, "Sum", 300),
        Series("App", "queue.depth", dimensions, "p99.9", 300),
    )
    assert (found.owner, found.is_for("acme")) == ("_platform", True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("service: checkout\n", "metric"),
        ("metric: queue.depth\n", "service"),
        (GOOD + "statistics: [Mean]\n", "statistics: 'Mean'"),
        (GOOD + "statistics: [Sum, Sum]\n", "statistics"),
        (GOOD + "statistics: []\n", "statistics"),
        (GOOD + "period_seconds: 90\n", "period_seconds"),
        (GOOD + "period_seconds: 420\n", "period_seconds"),
        (GOOD + "period_seconds: 7200\n", "period_seconds"),
        (GOOD + "namespace: App\nunit: furlong\n", "unit: 'furlong'"),
        (GOOD + "namespace: ':App'\n", "namespace"),
        (GOOD + "dimensions: {a: ''}\n", "dimensions.a"),
        (GOOD + "dimensions: [a]\n", "dimensions"),
        (GOOD + "tenant: A/B\n", "tenant"),
        (GOOD + "name: other\n", "name"),
        (GOOD + "metrics: x\n", "metrics"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_field(tmp_path: Path, text: str, told: str) -> None:
    file = put(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_metrics(tmp_path)
    assert str(file) in str(caught.value)
    assert told in str(caught.value)


def test_an_edit_that_can_change_rows_is_known_and_one_of_words_is_not(tmp_path: Path) -> None:
    def fingerprint(text: str) -> str:
        put(tmp_path, text)
        return load_metrics(tmp_path)["depth"].fingerprint

    before = fingerprint(GOOD)
    assert fingerprint(GOOD + "description: how many orders wait\n") == before
    assert fingerprint(GOOD + "statistics: [Maximum]\n") != before


def test_a_name_that_is_made_of_an_alarms_words_holds_none_of_them() -> None:
    series = Series("App", "../../<script>", (("a", "b'c"),), "Sum", 60)
    assert own_name(series).removeprefix("unnamed-").isalnum()
