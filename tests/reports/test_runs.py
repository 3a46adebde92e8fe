"""Reports through Dagster: what a materialization leaves in the lake and tells, what the check says, when it starts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg
import pytest

from logsight_assets.definitions import build_defs
from logsight_assets.lake import Lake
from logsight_assets.partitions import range_tags
from logsight_assets.reports.assets import period_of_day, period_of_week
from sensors.reports import day_before, week_before
from tests.reports.lakes import BEFORE, DAY, Lines, put_states, put_trends, whole_days

TENANT, BODY = "acme-secret", "text of a line"
LINES = [Lines(f"{day}T{hour:02}", 30, 2, duration_ms=7) for day in (DAY, BEFORE) for hour in range(24)]
NEW = Lines(f"{DAY}T05", 40, 40, service="secret-service", pattern=8, mask=BODY, duration_ms=7)


@pytest.fixture(autouse=True)
def dagsters_own_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        yield


@pytest.fixture
def filled(lake: Lake) -> Lake:
    put_trends(lake, TENANT, [*LINES, NEW])
    put_states(lake, TENANT, whole_days("shop", DAY, BEFORE))
    return lake


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(lake: Lake, instance: dg.DagsterInstance, job: str, first: str, last: str) -> dg.ExecuteInProcessResult:
    return (
        build_defs(lake)
        .resolve_job_def(job)
        .execute_in_process(
            instance=instance,
            tags=range_tags(first, last),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    )


def metadata(instance: dg.DagsterInstance, asset: str, partition: str) -> dict[str, dg.MetadataValue]:
    (record,) = instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition]), limit=1
    ).records
    assert record.asset_materialization
    return dict(record.asset_materialization.metadata)


@pytest.mark.parametrize(
    ("job", "asset", "first", "last", "folder"),
    [
        ("daily_reports", "daily_report", BEFORE, DAY, f"daily/dt={DAY}"),
        ("weekly_reports", "weekly_report", "2025-06-09", "2025-06-09", "weekly/week=2025-W24"),
    ],
)
def test_a_materialization_makes_the_reports_and_shows_the_platforms_picture(
    filled: Lake, instance: dg.DagsterInstance, job: str, asset: str, first: str, last: str, folder: str
) -> None:
    assert run(filled, instance, job, first, last).success
    assert filled.store.head(f"reports/tenant={TENANT}/{folder}/report.html")
    told = metadata(instance, asset, last)
    assert told["reports"].value == 2
    preview = told["preview"]
    assert isinstance(preview, dg.MarkdownMetadataValue)
    assert preview.value.count("](data:image/png;base64,") == 2
    everything = repr(
        [
            record.event_log_entry
            for record in instance.event_log_storage.get_event_records(
                dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION)
            )
        ]
    )
    assert [word for word in (TENANT, BODY, "secret-service", "checkout") if word in everything] == []


def check_of(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = result.get_asset_check_evaluations()
    return found


def test_the_check_names_the_days_whose_inputs_have_changed_since(filled: Lake, instance: dg.DagsterInstance) -> None:
    first = check_of(run(filled, instance, "daily_reports", BEFORE, DAY))
    assert (first.passed, first.metadata["periods_checked"].value) == (True, 2)
    late = Lines(f"{BEFORE}T05", 1, pattern=9, mask="late")
    put_trends(filled, TENANT, [*LINES, NEW, late])
    page = filled.store.get(f"reports/tenant={TENANT}/daily/dt={BEFORE}/report.html")
    second = check_of(run(filled, instance, "daily_reports", DAY, DAY))
    assert (second.passed, second.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert second.metadata["inputs_changed_since"].value == [BEFORE]
    assert filled.store.get(f"reports/tenant={TENANT}/daily/dt={BEFORE}/report.html") == page, "said, not remade"
    assert check_of(run(filled, instance, "daily_reports", BEFORE, BEFORE)).passed


def test_a_day_without_any_data_leaves_nothing(filled: Lake, instance: dg.DagsterInstance) -> None:
    assert run(filled, instance, "daily_reports", "2025-05-01", "2025-05-01").success
    assert not any(filled.store.list("reports/"))
    assert metadata(instance, "daily_report", "2025-05-01")["reports"].value == 0


@pytest.mark.parametrize(
    ("name", "now", "partition"),
    [
        ("daily_reports", datetime(2025, 6, 11, 0, 40, tzinfo=UTC), DAY),
        ("weekly_reports", datetime(2025, 6, 16, 0, 50, tzinfo=UTC), "2025-06-09"),
    ],
)
def test_a_schedule_asks_for_what_is_over_unless_it_is_turned_off(
    lake: Lake, name: str, now: datetime, partition: str
) -> None:
    def tick(of: Lake) -> dg.RunRequest | dg.SkipReason:
        schedule = build_defs(of).resolve_schedule_def(name)
        context = dg.build_schedule_context(scheduled_execution_time=now, resources={"lake": of})
        asked: dg.RunRequest | dg.SkipReason = schedule(context)
        return asked

    asked = tick(lake)
    assert isinstance(asked, dg.RunRequest)
    assert asked.partition_key == partition
    (lake.config / "logsight.yaml").write_text("reports: {daily: false, weekly: false}\n")
    skipped = tick(type(lake)(**vars(lake) | {"effective": _reloaded(lake)}))
    assert isinstance(skipped, dg.SkipReason)


def _reloaded(lake: Lake) -> object:
    from logsight_assets.settings import load_settings

    return load_settings(lake.config / "logsight.yaml", {})


def test_partitions_are_days_and_mondays() -> None:
    assert period_of_day(DAY).name == DAY
    assert period_of_week("2025-06-09").name == "2025-W24"
    assert (day_before(date(2025, 3, 1)), week_before(date(2025, 6, 16))) == ("2025-02-28", "2025-06-09")
