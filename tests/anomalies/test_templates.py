"""Templates as series: new ones are found, merged ones are one, and names decide nothing else."""

from __future__ import annotations

import json

import pytest

from logsight_assets.anomalies.hours import refresh_anomalies
from logsight_assets.anomalies.judge import EarlierHour
from logsight_assets.anomalies.naming import Naming, naming_of
from logsight_assets.anomalies.rows import IS_COMPLETE, earlier_hour, table_of
from logsight_assets.anomalies.series import EVENT_COUNT, Series
from logsight_assets.lake import Lake, anomalies_key
from logsight_assets.parquet import parquet_bytes, read_rows
from logsight_assets.tables import ANOMALIES
from logsight_assets.templates.refresh import refresh_templates
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.trends.event_files import event, put_events

from .lakes import FIRST, HOURS, LAST, complete, judge_all
from .past import rows, seen

FAILURE = "payment 17 refused by the bank"


@pytest.fixture
def failing(lake: Lake, engine: DuckDBEngine) -> Lake:
    """Ten steady hours; in the last one a line fails that never came before."""
    for hour in HOURS:
        events = [event(n, "order placed", hour) for n in range(40)]
        if hour == LAST:
            events += [event(60 + n, FAILURE, hour, is_error=True, severity_number=17) for n in range(5)]
        put_events(lake, events, hour=hour)
    complete(lake, HOURS)
    refresh(lake, engine, HOURS).check()
    refresh_templates(lake, engine)
    judge_all(lake, engine)
    return lake


def test_a_line_that_fails_for_the_first_time_is_new(failing: Lake) -> None:
    held = read_rows(failing.store, anomalies_key("acme", LAST)).to_pylist()
    (found,) = [row for row in held if row["direction"] == "new"]
    assert (found["observed"], found["state"], found["expected_high"]) == (5.0, "anomaly", None)
    assert found["reason"] == "never seen before; 5 events, 5 of them errors"
    assert json.loads(found["example_event_ids"]) == ["o1:41"]
    assert FAILURE not in str(held), "no text of a line in a row"


def test_every_template_of_an_hour_is_a_series(failing: Lake) -> None:
    held = read_rows(failing.store, anomalies_key("acme", FIRST)).to_pylist()
    naming = naming_of(failing.store, "acme", FIRST)
    assert {row["template_id"] for row in held} == {"", *naming.template_of.values()}


def test_a_template_that_is_born_elsewhere_makes_no_hour_out_of_date(failing: Lake, engine: DuckDBEngine) -> None:
    before = naming_of(failing.store, "acme", FIRST).fingerprint
    put_events(failing, [event(0, "cache warmed", LAST, service="cart")], hour=LAST, raw_object="o2")
    refresh(failing, engine, [LAST]).check()
    refresh_templates(failing, engine)
    assert naming_of(failing.store, "acme", FIRST).fingerprint == before
    assert not refresh_anomalies(failing, engine, FIRST).is_changed


def test_templates_that_were_merged_are_one_series_in_earlier_hours_too(lake: Lake) -> None:
    old, kept = (Series("shop", name, EVENT_COUNT) for name in ("t1", "t2"))
    table = table_of(FIRST, rows({}, {old: seen(30), kept: seen(12)}, hour=FIRST).values())
    key = anomalies_key("acme", FIRST)
    lake.store.put(key, parquet_bytes(table, ANOMALIES, {IS_COMPLETE: "true"}))
    entry = lake.store.head(key)
    assert entry

    def counts(aliases: dict[str, str]) -> dict[str, float]:
        hour: EarlierHour = earlier_hour(lake.store, entry, Naming({}, frozenset(), aliases))
        return {series.template_id: earlier.value for series, earlier in hour.series.items()}

    assert counts({}) == {"t1": 30.0, "t2": 12.0}
    assert counts({"t1": "t2"}) == {"t2": 42.0}
    assert counts({"t9": "t2"}) == {"t1": 30.0, "t2": 12.0}
