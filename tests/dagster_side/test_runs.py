"""Runs of the jobs in this process: single and ranged, with failures in the middle, and what they tell Dagster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from logsight_assets.definitions import build_defs
from logsight_assets.errors import ConservationError, StoreUnavailable
from logsight_assets.lake import Lake, mark, marked, minute_key
from logsight_assets.timeline import Hour
from logsight_assets.trends import refresh as refreshing
from logsight_assets.trends.hours import refresh_hour
from tests.dagster_side.conftest import keys, materialized, run, succeeded
from tests.doubles import HookedStore
from tests.intake.lakes import HOUR, flat_line, put_raw, with_store


def put_hours(lake: Lake, *hours: Hour, tenant: str = "acme", body: str = "order placed") -> None:
    """An object an hour, with ten events of that hour."""
    for hour in hours:
        start = hour.start_nano
        lines = [flat_line(tenant=tenant, body=body, timeUnixNano=str(start + second * 10**9)) for second in range(10)]
        put_raw(lake, lines, f"{tenant}.gz", hour=hour)


def is_published(lake: Lake, hour: Hour, tenant: str = "acme") -> bool:
    return lake.store.head(minute_key("service_trend", tenant, hour)) is not None


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        e.check_name if e.asset_key.path[-1] == "intake" else f"{e.asset_key.path[-1]}.{e.check_name}": e
        for e in result.get_asset_check_evaluations()
    }


def test_a_single_run_reads_counts_and_reports_its_partition(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR)
    mark(lake.store, "arrivals", str(HOUR), "added")
    result = run(lake, instance, "live", HOUR)
    assert succeeded(result)
    for asset in ("intake", "events", "service_trend_minute", "template_trend_minute", "patterns"):
        assert materialized(instance, asset) == keys(HOUR)
    assert is_published(lake, HOUR)
    assert marked(lake.store, "arrivals") == {}
    assert marked(lake.store, "hours") == {}
    assert marked(lake.store, "completeness") == {}
    assert marked(lake.store, "templates") == {}
    found = evaluations(result)
    assert len(found) == 10
    assert all(evaluation.passed for evaluation in found.values()), found
    by_hour = {evaluation.partition for name, evaluation in found.items() if name != "templates.labelled"}
    assert by_hour == {HOUR.partition_key}


def test_a_ranged_run_reports_each_partition_with_its_own_figures(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 3, HOUR - 1)
    result = run(lake, instance, "live", HOUR - 3, HOUR)
    assert succeeded(result)
    assert materialized(instance, "intake") == keys(*(HOUR - n for n in range(4)))
    records = instance.fetch_materializations(dg.AssetKey("service_trend_minute"), limit=10).records
    rows = {r.partition_key: r.asset_materialization.metadata["dagster/partition_row_count"].value for r in records}
    assert rows == {
        (HOUR - 3).partition_key: 1,
        (HOUR - 2).partition_key: 0,
        (HOUR - 1).partition_key: 1,
        HOUR.partition_key: 0,
    }
    checks = evaluations(result)
    assert checks["conservation"].metadata["objects"].value == 2
    assert checks["conservation"].metadata["hours_checked"].value == 4


def test_a_failed_check_of_a_range_names_its_hours(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 2, HOUR)
    put_raw(lake, [b'{"a": ', b'{"b": '], "bad.gz", hour=HOUR - 1)
    checks = evaluations(run(lake, instance, "live", HOUR - 2, HOUR))
    share = checks["quarantine_share"]
    assert not share.passed
    assert share.metadata["failed_hours"].value == [str(HOUR - 1)]
    assert share.metadata["quarantined_ratio"].value == 1.0


def test_an_hour_whose_sums_do_not_hold_is_not_published_and_the_others_are(
    lake: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_hours(lake, *(HOUR - n for n in range(5)))
    broken = HOUR - 2

    def refresh(lake: Lake, engine: Any, hour: Hour, **options: Any) -> Any:
        if hour == broken:
            raise ConservationError("tenant acme: 10 events, but 9 counted")
        return refresh_hour(lake, engine, hour, **options)

    monkeypatch.setattr(refreshing, "refresh_hour", refresh)
    result = run(lake, instance, "live", HOUR - 4, HOUR)
    assert not result.success
    done = {HOUR - 4, HOUR - 3, HOUR - 1, HOUR}
    assert materialized(instance, "service_trend_minute") == keys(*done)
    assert [is_published(lake, HOUR - n) for n in range(5)] == [True, True, False, True, True]
    assert set(marked(lake.store, "hours")) == {str(broken)}, "what failed stays due, and nothing else"
    failure = result.failure_data_for_node("minute_trends")
    assert failure is not None
    assert failure.error is not None
    assert str(broken) in failure.error.to_string()

    monkeypatch.undo()
    assert succeeded(run(lake, instance, "refresh_hours", broken))
    assert materialized(instance, "service_trend_minute") == keys(broken, *done)


def test_an_arrival_hour_that_cannot_be_read_keeps_no_other_from_being_read(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    put_hours(lake, *(HOUR - n for n in range(3)))
    broken = (HOUR - 1).path

    def refuse(operation: str, key: str) -> None:
        if key.startswith("receipts/") and broken in key:
            raise OSError(28, "No space left on device", key)

    mark(lake.store, "arrivals", str(HOUR - 1), "added")
    assert not succeeded(
        run(with_store(lake, HookedStore(lake.store, before=refuse)), instance, "live", HOUR - 2, HOUR)
    )
    assert materialized(instance, "intake") == keys(HOUR - 2, HOUR)
    assert set(marked(lake.store, "arrivals")) == {str(HOUR - 1)}
    assert succeeded(run(lake, instance, "live", HOUR - 1))
    assert materialized(instance, "intake") == keys(HOUR - 2, HOUR - 1, HOUR)
    assert marked(lake.store, "arrivals") == {}


def test_a_store_that_comes_back_is_waited_for_in_the_run(
    lake: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logsight_assets.partitions._RETRY_SECONDS", 0)
    put_hours(lake, HOUR)
    faults = iter([True])

    def refuse_once(operation: str, key: str) -> None:
        if key.startswith("trends/") and next(faults, False):
            raise StoreUnavailable("the bucket")

    result = run(with_store(lake, HookedStore(lake.store, before=refuse_once)), instance, "live", HOUR)
    assert succeeded(result)
    assert is_published(lake, HOUR)


def test_a_marker_that_is_put_while_its_hour_is_read_survives(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR)
    later: list[str] = []

    def arrive(operation: str, key: str) -> None:
        if key.startswith("receipts/") and not later:
            later.append(mark(lake.store, "arrivals", str(HOUR), "added"))

    first = mark(lake.store, "arrivals", str(HOUR), "added")
    assert succeeded(run(with_store(lake, HookedStore(lake.store, before=arrive)), instance, "live", HOUR))
    assert marked(lake.store, "arrivals") == {str(HOUR): later}
    assert first not in later


def test_levels_above_the_hour_report_rows_of_their_own(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 1, HOUR)
    assert succeeded(run(lake, instance, "live", HOUR - 1, HOUR))
    assert succeeded(run(lake, instance, "refresh_days", HOUR.day))
    assert succeeded(run(lake, instance, "refresh_months", f"{HOUR.month}-01"))
    sizes = {}
    for asset in ("service_trend_hour", "service_trend_day"):
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event is not None
        assert event.asset_materialization is not None
        sizes[asset] = event.asset_materialization.metadata["dagster/partition_row_count"].value
    assert sizes == {"service_trend_hour": 2, "service_trend_day": 1}


# What Dagster is told ------------------------------------------------------------------------------------------

TENANT = "zebra-quokka-9"
SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
BODY = "xylophonist"
PERSON = "jane.roe@example.com"


def test_neither_tenants_nor_keys_nor_log_text_reach_dagsters_storage(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    put_hours(lake, HOUR - 2, HOUR - 1, HOUR, tenant=TENANT, body=f"{BODY} {PERSON} token={SECRET}")
    put_raw(lake, [b'{"tenant": "' + TENANT.encode() + b'", "' + BODY.encode() + b'": '], f"{BODY}.gz")
    with dg.DagsterInstance.local_temp(str(home), overrides={"telemetry": {"enabled": False}}) as instance:
        monkeypatch.setenv("DAGSTER_HOME", str(home))
        assert succeeded(run(lake, instance, "live", HOUR - 2, HOUR))
        assert succeeded(run(lake, instance, "refresh_days", HOUR.day))
        for error in (
            ConservationError(f"tenant {TENANT}: trends/tenant={TENANT}/part.parquet counts 3"),
            ValueError(f"Could not convert string '{BODY} {SECRET}' of {TENANT}"),
        ):
            _fail_once(lake, instance, monkeypatch, error)
    found = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in found)
    for path in found:
        held = path.read_bytes()
        for word in (TENANT, SECRET, BODY, PERSON):
            assert word.encode() not in held, f"{word} is in {path.relative_to(home)}"
    told = [json.loads(line) for line in (lake.state / "logs" / "failures.log").read_text().splitlines()]
    assert [line["error"] for line in told] == ["ConservationError", "ValueError"]
    assert TENANT in told[0]["text"], "the operator's own file has our own text"
    assert BODY not in told[1]["text"]
    assert (lake.state / "logs" / "failures.log").stat().st_mode & 0o077 == 0


def _fail_once(lake: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(refreshing, "refresh_hour", fail)
        assert not run(lake, instance, "refresh_hours", HOUR).success


def test_a_ranged_run_of_a_month_of_empty_hours_reads_each_receipt_once(
    lake: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks compare with the day before: read anew for each hour that would be 25 readings of a receipt."""
    put_hours(lake, *(HOUR - n for n in range(48)))
    run(lake, instance, "catch_up", HOUR - 47, HOUR)
    reads: dict[str, int] = {}
    original = lake.store.open

    def counted(key: str) -> Any:
        if key.startswith("receipts/"):
            reads[key] = reads.get(key, 0) + 1
        return original(key)

    monkeypatch.setattr(lake.store, "open", counted)
    assert succeeded(run(lake, instance, "catch_up", HOUR - 47, HOUR))
    assert len(reads) == 48
    assert max(reads.values()) <= 2, "once for the sums, once for the formats of earlier hours"


def test_a_run_is_resolved_from_the_same_definitions_everywhere(lake: Lake) -> None:
    """The command line's jobs are the daemon's jobs."""
    jobs = build_defs(lake).get_repository_def().job_names
    assert {"live", "catch_up", "refresh_hours", "refresh_days", "refresh_months", "housekeeping"} <= set(jobs)
