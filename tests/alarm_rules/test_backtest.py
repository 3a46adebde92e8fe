"""Backtests: what rules would have done, judged by known incidents; and that nobody hears of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.alarm_rules.backtest import (
    WITHIN_HOUR_NS,
    AlarmSpan,
    Label,
    read_labels,
    result,
    score_spans_of,
    spans_of,
)
from logsight_assets.alarm_rules.binding import BoundRule, bound_rules
from logsight_assets.alarm_rules.past_days import backtest, joined, write_day
from logsight_assets.alarm_rules.points import MINUTE_NS, Minute
from logsight_assets.alarm_rules.rule import AlarmRule
from logsight_assets.errors import ConfigurationError
from logsight_assets.lake import Lake, backtest_key
from logsight_assets.parquet import read_rows
from logsight_assets.slo.objective import Objective
from logsight_assets.timeline import Hour
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.anomalies.lakes import FIRST, LAST, fill, judge_all
from tests.doubles import HookedStore
from tests.intake.lakes import make_lake, with_store
from tests.trends.event_files import event, put_events

START = Hour.parse("2025-05-31T00")
END = START + 24


def rule(**fields: Any) -> BoundRule:
    given: dict[str, Any] = {"metric": "error_ratio", "threshold": 0.2, "treat_missing_data": "notBreaching"} | fields
    objective = given.pop("of", None)
    return BoundRule(AlarmRule(name="r", **given), objective)


def service(*failing: range) -> dict[int, Minute]:
    """Ten events in each minute of the day; in some minutes half of them fail."""
    first = START.start_nano // MINUTE_NS
    return {
        first + n: Minute(
            10, 5 if any(n in each for each in failing) else 0, 10, 5 if any(n in f for f in failing) else 0
        )
        for n in range(24 * 60)
    }


def spans(bound: BoundRule, *failing: range) -> list[tuple[int, int | None]]:
    """(began, ended) in minutes of the day."""
    found = spans_of(bound, "acme", {"shop": service(*failing)}, START.start_nano, END.start_nano)
    first = START.start_nano
    return [
        ((s.start_nano - first) // MINUTE_NS, None if s.end_nano is None else (s.end_nano - first) // MINUTE_NS)
        for s in found
    ]


def test_an_alarm_goes_off_with_the_second_bad_period_and_is_over_with_the_second_good_one() -> None:
    assert spans(rule(), range(600, 660)) == [(610, 670)]
    assert spans(rule()) == []


def test_what_goes_on_at_the_end_is_not_over() -> None:
    assert spans(rule(), range(1400, 1440)) == [(1410, None)]


def test_a_burn_rate_needs_both_windows() -> None:
    objective = Objective(name="o", service="shop", kind="availability", target=0.99)
    burning = rule(
        metric="burn_rate", objective="o", threshold=14.4, evaluation_periods=1, datapoints_to_alarm=1, of=objective
    )
    # Half of the requests fail: a rate of 50. The hour's is over 14.4 once 18 minutes failed, and stays so for an hour;
    # the last five minutes end it.
    assert spans(burning, range(600, 660)) == [(620, 665)]


SCORES = [(hour, 9.0 if hour in (10, 11) else 0.0) for hour in range(24) if hour != 13]  # nobody judged 13:00


@pytest.mark.parametrize(
    ("fields", "scores", "expected"),
    [
        pytest.param({}, SCORES, [(10, 12)], id="from its hour to the next good one"),
        pytest.param({"datapoints_to_alarm": 2, "evaluation_periods": 2}, SCORES, [(11, 12)], id="two of two"),
        pytest.param({}, [(22, 0.0), (23, 9.0)], [(23, None)], id="what goes on at the end is not over"),
        pytest.param({}, [(-1, 9.0), (0, 9.0), (1, 0.0)], [(0, 1)], id="what the day began with"),
        pytest.param({}, [(10, 9.0), (12, 9.0), (14, 0.0)], [(10, 14)], id="an hour that is not judged says nothing"),
        pytest.param({"treat_missing_data": "breaching"}, [(12, 0.0)], [], id="nor does the time before the first"),
    ],
)
def test_scores_are_tried_as_they_are_looked_at_live(
    fields: dict[str, Any], scores: list[tuple[int, float]], expected: list[tuple[int, int | None]]
) -> None:
    one = {"evaluation_periods": 1, "datapoints_to_alarm": 1} | fields
    bound = rule(metric="anomaly_score", threshold=5, period_minutes=60, **one)
    held = [((START + hour).start_nano, score) for hour, score in scores]
    found = score_spans_of(bound, "acme", {"shop": held}, START.start_nano, END.start_nano)
    assert [
        (Hour.of_nano(s.start_nano).index - START.index, s.end_nano and Hour.of_nano(s.end_nano).index - START.index)
        for s in found
    ] == expected
    assert {s.within_nano for s in found} <= {WITHIN_HOUR_NS}


# Figures --------------------------------------------------------------------------------------------------------------


def span(minute: int, name: str = "shop", tenant: str = "acme", until: int | None = None, within: int = 0) -> AlarmSpan:
    end = None if until is None else START.start_nano + until * MINUTE_NS
    return AlarmSpan(START.start_nano + minute * MINUTE_NS, tenant, name, "r", end, within)


def label(first: int, last: int, **fields: Any) -> Label:
    moment = [datetime(2025, 5, 31, minute // 60, minute % 60, tzinfo=UTC) for minute in (first, last)]
    return Label(**{"name": "outage", "start": moment[0], "end": moment[1], **fields})


@pytest.mark.parametrize(
    ("alarms", "labels", "precision", "recall"),
    [
        ([span(610)], [label(600, 660)], 1.0, 1.0),
        ([span(610), span(100)], [label(600, 660)], 0.5, 1.0),
        ([span(680)], [label(600, 660)], 1.0, 1.0),
        ([span(700)], [label(600, 660)], 0.0, 0.0),
        ([], [label(600, 660)], None, 0.0),
        ([span(610)], [], 0.0, None),
        ([span(610)], [label(600, 660, services=("cart",))], 0.0, 0.0),
        ([span(610)], [label(600, 660, tenant="globex")], 0.0, 0.0),
        ([span(610), span(612, "cart")], [label(600, 660), label(900, 960)], 1.0, 0.5),
        # Found by the hour: somewhere in it, the incident began.
        ([span(600, within=WITHIN_HOUR_NS)], [label(615, 625)], 1.0, 1.0),
        ([span(600, within=WITHIN_HOUR_NS)], [label(659, 700)], 1.0, 1.0),
        ([span(600, within=WITHIN_HOUR_NS)], [label(660, 700)], 0.0, 0.0),
        ([span(600)], [label(615, 625)], 0.0, 0.0),
        ([span(660, within=WITHIN_HOUR_NS)], [label(615, 625)], 0.0, 0.0),
    ],
)
def test_precision_and_recall(
    alarms: list[AlarmSpan], labels: list[Label], precision: float | None, recall: float | None
) -> None:
    found = result(alarms, labels, START.start_nano, END.start_nano)
    assert (found.alarms_a_day, found.precision, found.recall) == (len(alarms), precision, recall)


def test_what_goes_on_over_midnight_is_one_alarm() -> None:
    midnight = START.start_nano + 1440 * MINUTE_NS
    before = [span(1400), span(1400, "cart"), span(100, until=200)]
    after = [span(1445, until=1500), span(2000, "cart", until=2010)]
    assert joined(before, after, midnight) == [
        span(100, until=200),
        span(1400, "cart", until=1440),
        span(1400, until=1500),
        span(2000, "cart", until=2010),
    ]


def test_labels_come_from_a_file_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "labels.yaml"
    file.write_text("incidents:\n- {name: outage, start: 2025-05-31T10:00:00, end: 2025-05-31T11:00:00Z}\n")
    (found,) = read_labels(file)
    assert (found.start, found.services) == (datetime(2025, 5, 31, 10, tzinfo=UTC), ())
    file.write_text("incidents:\n- {name: outage, start: yesterday, end: 2025-05-31T11:00:00Z}\n")
    with pytest.raises(ConfigurationError, match=r"labels\.yaml.*start"):
        read_labels(file)


# On a lake ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def failing(tmp_path: Path, engine: DuckDBEngine) -> Lake:
    """A day whose last hour and the first of the next fail."""
    lake = make_lake(tmp_path / "lake")
    for hour, is_bad in ((START + 22, False), (START + 23, True), (START + 24, True)):
        more = {"severity_number": 17, "is_error": True} if is_bad else {}
        put_events(lake, [event(10 * n, "order", hour, **more) for n in range(360)], hour=hour)
    refresh(lake, engine, [START + 22, START + 23, START + 24]).check()
    return lake


def test_days_are_tried_one_after_the_other(failing: Lake, engine: DuckDBEngine) -> None:
    known = label(23 * 60, 23 * 60 + 59)
    found = backtest(failing, engine, [START.day, END.day], [known])
    assert [(s.service, s.rule) for s in found.spans] == [("shop", "error-ratio"), ("shop", "error-surge")]
    assert (found.alarms_a_day, found.precision, found.recall, found.missed) == (1.0, 1.0, 1.0, [])


def test_what_is_found_by_the_hour_is_known_by_an_incident_that_began_within_it(
    tmp_path: Path, engine: DuckDBEngine
) -> None:
    lake = make_lake(tmp_path / "lake")
    fill(lake, engine, last=400)
    judge_all(lake, engine)
    (lake.config / "alarm_rules").mkdir(parents=True)
    text = "metric: anomaly_score\nthreshold: 4\nperiod_minutes: 60\nevaluation_periods: 1\ndatapoints_to_alarm: 1\n"
    (lake.config / "alarm_rules" / "score.yaml").write_text(text, encoding="utf-8")
    began = 60 * (LAST.index - FIRST.index) + 15
    found = backtest(lake, engine, [FIRST.day], [label(began, began + 10)])
    figures = {name: found.of_rule(name) for name in found.rules}
    assert {name: (len(each.spans), each.precision, each.recall) for name, each in figures.items()} == {
        "anomalies": (1, 1.0, 1.0),
        "error-ratio": (0, None, 0.0),
        "error-surge": (0, None, 0.0),
        "score": (1, 1.0, 1.0),
    }


def test_a_backtest_writes_nothing_but_its_own_rows(failing: Lake, engine: DuckDBEngine) -> None:
    written: list[str] = []
    watched = with_store(failing, HookedStore(failing.store, before=lambda _, key: written.append(key)))
    backtest(watched, engine, [START.day], [])
    assert written == []
    write_day(watched, engine, START.day, bound_rules(watched))
    assert written == [backtest_key("acme", START.day)]
    assert not (Path(failing.store.uri("x")).parent / "inbox").exists()
    rows = read_rows(failing.store, backtest_key("acme", START.day)).to_pylist()
    assert [(r["rule"], r["service"], r["ok_time"], r["incident"]) for r in rows] == [
        ("error-ratio", "shop", None, None),
        ("error-surge", "shop", None, None),
    ]
