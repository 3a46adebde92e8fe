"""Hours of a lake, judged: identity, late data, completeness, acceptance, kills, erasure."""

from __future__ import annotations

import dataclasses
import random
from datetime import timedelta
from pathlib import Path

import pytest

from logsight_assets.anomalies.acceptance import accept, take_back
from logsight_assets.anomalies.episodes import anomalies_between
from logsight_assets.anomalies.hours import due_hours, overlooked_hours, refresh_anomalies
from logsight_assets.decisions import Said
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake, minute_key, seal_key, tombstone_key
from logsight_assets.settings import Effective, Retention
from logsight_assets.trends.refresh import refresh
from logsight_assets.trends.retention import apply_retention
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore
from tests.intake.lakes import NOW, make_lake, with_store

from .lakes import FIRST, HOURS, LAST, complete, fill, judge_all, judged, put_hour, row

ANN = Said("ann", "the new normal", NOW + timedelta(days=1))


@pytest.fixture
def faulty(lake: Lake, engine: DuckDBEngine) -> Lake:
    """Nine steady hours, then one with ten times as much; all judged."""
    fill(lake, engine, last=400)
    judge_all(lake, engine)
    return lake


def test_an_hour_is_judged_by_those_before_it(faulty: Lake) -> None:
    assert [row(faulty, hour)["state"] for hour in HOURS] == ["no_baseline"] * 6 + ["ok"] * 3 + ["anomaly"]
    found = row(faulty, LAST)
    assert (found["observed"], found["direction"], found["baseline"]) == (400.0, "high", "recent")
    assert found["example_event_ids"].startswith('["o1:1"')


def test_again_changes_nothing(faulty: Lake, engine: DuckDBEngine) -> None:
    before = judged(faulty)
    for hour in HOURS:
        assert not refresh_anomalies(faulty, engine, hour).is_changed
        assert refresh_anomalies(faulty, engine, hour, replay=True).is_changed
    assert judged(faulty) == before
    assert due_hours(faulty) == []


def test_any_order_ends_in_the_same_bytes(faulty: Lake, engine: DuckDBEngine, tmp_path: Path) -> None:
    other = make_lake(tmp_path / "other")
    fill(other, engine, last=400)
    hours = list(HOURS)
    random.Random(7).shuffle(hours)
    for hour in hours:
        refresh_anomalies(other, engine, hour)
    judge_all(other, engine)
    assert judged(other) == judged(faulty)


def test_a_late_event_is_counted_and_later_hours_are_judged_by_it(faulty: Lake, engine: DuckDBEngine) -> None:
    put_hour(faulty, FIRST + 7, 5, name="late")
    refresh(faulty, engine, [FIRST + 7]).check()
    assert due_hours(faulty) == [FIRST + 7]
    refresh_anomalies(faulty, engine, FIRST + 7)
    assert row(faulty, FIRST + 7)["observed"] == 45.0
    assert due_hours(faulty) == [FIRST + 8, LAST]
    judge_all(faulty, engine)
    clean = judged(faulty)
    for hour in HOURS:
        refresh_anomalies(faulty, engine, hour, replay=True)
    assert judged(faulty) == clean


def test_what_changes_nothing_that_later_hours_read_marks_none_of_them(faulty: Lake, engine: DuckDBEngine) -> None:
    before = row(faulty, FIRST + 7)
    refresh_anomalies(faulty, engine, FIRST + 7, replay=True)
    assert row(faulty, FIRST + 7) == before
    assert due_hours(faulty) == []


def test_an_open_hour_is_no_silence_until_it_is_complete(lake: Lake, engine: DuckDBEngine) -> None:
    fill(lake, engine, last=1)
    complete(lake, HOURS[:-1])
    judge_all(lake, engine)
    assert (row(lake, LAST)["state"], row(lake, LAST)["direction"]) == ("incomplete", "")
    complete(lake, HOURS)
    refresh_anomalies(lake, engine, LAST)
    assert (row(lake, LAST)["state"], row(lake, LAST)["direction"]) == ("anomaly", "low")


def test_the_safety_net_finds_an_hour_that_became_complete_unseen(lake: Lake, engine: DuckDBEngine) -> None:
    fill(lake, engine)
    complete(lake, HOURS[:-1])
    judge_all(lake, engine)
    assert overlooked_hours(lake) == []
    complete(lake, HOURS)
    assert overlooked_hours(lake) == [LAST]


def test_an_hour_without_any_event_is_silent_if_it_is_complete(lake: Lake, engine: DuckDBEngine) -> None:
    for hour in HOURS[:-1]:
        put_hour(lake, hour, 400)
    refresh(lake, engine, HOURS[:-1]).check()
    complete(lake, HOURS[:-1])
    judge_all(lake, engine)
    refresh_anomalies(lake, engine, LAST)
    assert not any("hour=09" in key for key in judged(lake)), "nobody knows whether more comes"
    complete(lake, HOURS)
    refresh_anomalies(lake, engine, LAST)
    assert (row(lake, LAST)["direction"], row(lake, LAST)["state"]) == ("silent", "anomaly")


# People ---------------------------------------------------------------------------------------------------------------


def test_an_accepted_episode_is_accepted_until_its_end(faulty: Lake, engine: DuckDBEngine) -> None:
    episode = row(faulty, LAST)["episode_id"]
    accept(faulty, "acme", episode, ANN)
    judge_all(faulty, engine)
    assert (row(faulty, LAST)["state"], row(faulty, LAST)["episode_id"]) == ("accepted", episode)
    assert row(faulty, LAST)["reason"].endswith("; accepted")
    take_back(faulty, "acme", episode, ANN)
    judge_all(faulty, engine)
    assert row(faulty, LAST)["state"] == "anomaly"


@pytest.mark.parametrize(
    "said", [Said("ann", "", ANN.until), Said("ann", "known", None)], ids=["without a reason", "without an end"]
)
def test_nothing_is_accepted_without_reason_and_end(faulty: Lake, said: Said) -> None:
    with pytest.raises(UsageError, match="say why"):
        accept(faulty, "acme", row(faulty, LAST)["episode_id"], said)


def test_what_is_not_there_cannot_be_accepted(faulty: Lake) -> None:
    with pytest.raises(UsageError, match="anomalies list"):
        accept(faulty, "acme", "0" * 16, ANN)


def test_evidence_is_one_episode_however_many_hours_it_lasts(faulty: Lake, engine: DuckDBEngine) -> None:
    put_hour(faulty, LAST + 1, 500)
    refresh(faulty, engine, [LAST + 1]).check()
    judge_all(faulty, engine)
    (found,) = anomalies_between(faulty, "acme", FIRST.start, NOW)
    assert (found.since, found.last, found.observed, found.state) == (LAST, LAST + 1, 500.0, "standing")
    assert anomalies_between(faulty, "acme", FIRST.start, LAST.start) == []


# Faults ---------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("at", range(1, 9))
def test_a_killed_run_is_mended_by_the_next(faulty: Lake, engine: DuckDBEngine, at: int) -> None:
    put_hour(faulty, FIRST + 7, 25, name="late")
    refresh(faulty, engine, [FIRST + 7]).check()
    left = [at]

    def kill(operation: str, key: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    killed = with_store(faulty, HookedStore(faulty.store, before=kill))
    with pytest.raises(Killed):
        judge_all(killed, engine)
    judge_all(faulty, engine)
    found = judged(faulty)
    for hour in HOURS:
        refresh_anomalies(faulty, engine, hour, replay=True)
    judge_all(faulty, engine)
    assert judged(faulty) == found
    assert row(faulty, FIRST + 7)["observed"] == 65.0
    assert due_hours(faulty) == []


def test_an_erased_tenant_has_no_anomalies(faulty: Lake, engine: DuckDBEngine) -> None:
    faulty.store.put(tombstone_key("acme"), b"{}")
    assert refresh_anomalies(faulty, engine, LAST).removed
    assert anomalies_between(faulty, "acme", FIRST.start, NOW) == []


def test_what_was_judged_stays_when_retention_takes_its_minutes(faulty: Lake, engine: DuckDBEngine) -> None:
    before = judged(faulty)
    faulty.store.put(seal_key("acme", LAST), b"{}")
    faulty.store.delete(minute_key("service_trend", "acme", LAST))
    refresh_anomalies(faulty, engine, LAST, replay=True)
    assert judged(faulty) == before


def test_retention_takes_whole_days_of_signals(faulty: Lake, engine: DuckDBEngine) -> None:
    settings = faulty.settings.model_copy(update={"retention": Retention(signals_days=1)})
    kept = dataclasses.replace(faulty, effective=Effective(settings, {}))
    apply_retention(dataclasses.replace(kept, clock=lambda: NOW), engine)
    assert judged(faulty)
    outcome = apply_retention(dataclasses.replace(kept, clock=lambda: NOW + timedelta(days=1)), engine)
    assert (judged(faulty), outcome.removed["anomalies"]) == ({}, len(HOURS))


def test_tenants_are_judged_apart(faulty: Lake, engine: DuckDBEngine) -> None:
    before = judged(faulty)
    fill(faulty, engine, last=40, tenant="globex")
    judge_all(faulty, engine)
    assert row(faulty, LAST, tenant="globex")["state"] == "ok"
    assert {key: data for key, data in judged(faulty).items() if "acme" in key} == before
