"""Reports in the lake: pure in what they were made from, never remade by themselves, gone with their tenant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logsight_assets.errors import PublishConflict, UsageError
from logsight_assets.lake import Lake, report_numbers_key, report_page_key, tombstone_key
from logsight_assets.parquet import read_rows
from logsight_assets.reader.ask import ask
from logsight_assets.reports.period import Period
from logsight_assets.reports.produce import drifts, last_full_day, make_reports
from logsight_assets.reports.store import Drift, Report
from logsight_assets.scratch import embedded_engine
from logsight_assets.settings import Retention
from logsight_assets.trends.retention import apply_retention
from logsight_assets.upkeep import erase_tenant
from tests.doubles import HookedStore
from tests.reports.lakes import BEFORE, DAY, Lines, at, new_lake, put_states, put_trends, whole_days

PERIOD = Period.day(DAY)
LINES = [Lines(f"{day}T{hour:02}", 30 + hour, 2, duration_ms=7) for day in (DAY, BEFORE) for hour in range(24)]
LATE = Lines(f"{DAY}T05", 1, pattern=8, mask="late")


@pytest.fixture
def filled(lake: Lake) -> Lake:
    for tenant in ("acme", "globex"):
        put_trends(lake, tenant, LINES)
        put_states(lake, tenant, whole_days("shop", DAY, BEFORE))
    return lake


def objects(lake: Lake) -> dict[str, bytes]:
    return {entry.key: lake.store.get(entry.key) for entry in lake.store.list("reports/")}


def by_tenant(made: list[Report]) -> dict[str, Report]:
    return {each.tenant: each for each in made}


def test_a_page_and_its_numbers_for_each_tenant_and_the_platform(filled: Lake) -> None:
    made = make_reports(filled, PERIOD)
    assert [(each.tenant, each.is_new) for each in made] == [("acme", True), ("globex", True), ("_platform", True)]
    assert sorted(objects(filled)) == sorted(
        f"reports/tenant={tenant}/daily/dt={DAY}/{name}"
        for tenant in ("acme", "globex", "_platform")
        for name in ("report.html", "numbers.parquet")
    )
    make_reports(filled, Period.week("2025-W24"), "acme")
    assert filled.store.head("reports/tenant=acme/weekly/week=2025-W24/report.html")


_ELSEWHERE = """
import sys
from datetime import UTC, datetime
from logsight_assets.lake import open_lake
from logsight_assets.reports.period import Period
from logsight_assets.reports.produce import make_reports
lake = open_lake(sys.argv[1], {}, clock=lambda: datetime(2031, 1, 1, tzinfo=UTC))
make_reports(lake, Period.day(sys.argv[2]))
"""


def test_the_same_inputs_give_the_same_bytes_in_another_process_at_another_time(filled: Lake, tmp_path: Path) -> None:
    shutil.copytree(Path(filled.store.uri("x")).parent, tmp_path / "copy")
    make_reports(filled, PERIOD)
    # A host's own settings of matplotlib and another seed of hashes change nothing.
    (tmp_path / "matplotlibrc").write_text("text.parse_math: True\nfont.size: 30\nfigure.facecolor: red\n")
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "77",
        "MATPLOTLIBRC": str(tmp_path / "matplotlibrc"),
        "TZ": "Asia/Tokyo",
    }
    arguments = [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "copy"), DAY]
    subprocess.run(arguments, check=True, env=environment, cwd=Path(__file__).parent.parent.parent)
    assert objects(new_lake(tmp_path / "copy")) == objects(filled)


def test_making_it_again_gives_the_same_bytes(filled: Lake) -> None:
    make_reports(filled, PERIOD)
    first = objects(filled)
    assert all(each.is_new for each in make_reports(filled, PERIOD, again=True))
    assert objects(filled) == first


def test_what_came_late_is_said_and_changes_nothing_by_itself(filled: Lake) -> None:
    make_reports(filled, PERIOD)
    first = objects(filled)
    put_trends(filled, "acme", [*LINES, LATE])
    made = by_tenant(make_reports(filled, PERIOD))
    assert {tenant: (each.drift, each.is_new) for tenant, each in made.items()} == {
        "acme": (Drift.CHANGED, False),
        "globex": (Drift.UNCHANGED, False),
        "_platform": (Drift.CHANGED, False),
    }
    assert objects(filled) == first
    assert sorted(drifts(filled, PERIOD)) == ["changed", "changed", "unchanged"]


def test_again_takes_in_what_came_late(filled: Lake) -> None:
    make_reports(filled, PERIOD)
    put_trends(filled, "acme", [*LINES, LATE])
    made = by_tenant(make_reports(filled, PERIOD, again=True))
    assert made["acme"].drift is Drift.UNCHANGED
    rows = read_rows(filled.store, made["acme"].numbers_key).to_pylist()
    assert [row["label"] for row in rows if row["section"] == "new" and row["measure"] == "event_count"] == ["late"]


def test_an_hour_that_completes_changes_the_inputs(filled: Lake) -> None:
    put_states(filled, "acme", whole_days("shop", DAY, BEFORE) | {("shop", f"{DAY}T23"): "open"})
    make_reports(filled, PERIOD, "acme")
    put_states(filled, "acme", whole_days("shop", DAY, BEFORE))
    (report,) = make_reports(filled, PERIOD, "acme")
    assert report.drift is Drift.CHANGED


def test_a_report_whose_inputs_are_gone_stays_even_if_asked_for_again(filled: Lake) -> None:
    make_reports(filled, PERIOD)
    first = objects(filled)
    put_trends(filled, "acme", [line for line in LINES if line.hour.startswith(DAY)])
    made = by_tenant(make_reports(filled, PERIOD, again=True))
    assert (made["acme"].drift, made["acme"].is_new) == (Drift.GONE, False)
    assert objects(filled) == first


@pytest.mark.parametrize("lost", ["page", "numbers"])
def test_half_a_report_is_made_whole(filled: Lake, lost: str) -> None:
    (made,) = make_reports(filled, PERIOD, "acme")
    first = objects(filled)
    filled.store.delete(made.page_key if lost == "page" else made.numbers_key)
    (again,) = make_reports(filled, PERIOD, "acme")
    assert again.is_new
    assert objects(filled) == first


def test_a_page_of_other_inputs_than_its_numbers_is_replaced(filled: Lake) -> None:
    (made,) = make_reports(filled, PERIOD, "acme")
    numbers = filled.store.get(made.numbers_key)
    put_trends(filled, "acme", [*LINES, LATE])
    (made,) = make_reports(filled, PERIOD, "acme", again=True)
    wanted = objects(filled)
    filled.store.put(made.numbers_key, numbers)  # as a slow writer would leave it
    make_reports(filled, PERIOD, "acme")
    assert objects(filled) == wanted


def test_a_writer_that_was_slower_tries_again_and_gives_up_in_the_end(filled: Lake) -> None:
    page = report_page_key("acme", "daily", DAY)
    others = iter([b"of another", b"of a third"])

    def interfere(operation: str, key: str) -> None:
        if operation == "put_if" and key == page and (data := next(others, None)):
            filled.store.put(page, data)

    (made,) = make_reports(replace(filled, store=HookedStore(filled.store, before=interfere)), PERIOD, "acme")
    assert made.is_new
    assert b"<html" in filled.store.get(page)
    others = iter([bytes([number]) for number in range(99)])
    with pytest.raises(PublishConflict, match=DAY):
        make_reports(replace(filled, store=HookedStore(filled.store, before=interfere)), PERIOD, "acme", again=True)


def test_an_erased_tenant_leaves_no_report_and_no_name(filled: Lake) -> None:
    make_reports(filled, PERIOD)
    erase_tenant(filled, "acme")
    assert not any("tenant=acme" in key or b"acme" in data for key, data in objects(filled).items())
    made = make_reports(filled, PERIOD)
    assert [each.tenant for each in made] == ["globex", "_platform"]
    assert not any(b"acme" in data for data in objects(filled).values())


def test_a_tenant_erased_while_its_report_is_made_leaves_none(filled: Lake) -> None:
    def erase(operation: str, key: str) -> None:
        if key.startswith("reports/") and operation == "put_if":
            filled.store.put(tombstone_key("acme"), b"{}")

    make_reports(replace(filled, store=HookedStore(filled.store, before=erase)), PERIOD, "acme")
    assert objects(filled) == {}


def test_retention_takes_reports_by_the_day_or_week_that_they_are_about(filled: Lake) -> None:
    make_reports(filled, PERIOD)
    make_reports(filled, Period.week("2025-W24"))
    settings = filled.settings.model_copy(update={"retention": Retention(reports_days=10)})
    kept = replace(filled, effective=replace(filled.effective, settings=settings))
    for now, left in ((datetime(2025, 6, 20, tzinfo=UTC), 12), (datetime(2025, 6, 21, tzinfo=UTC), 6)):
        with embedded_engine(kept) as engine:
            apply_retention(at(kept, now), engine)
        assert len(objects(filled)) == left
    with embedded_engine(kept) as engine:
        apply_retention(at(kept, datetime(2025, 6, 26, tzinfo=UTC)), engine)
    assert objects(filled) == {}


def test_sql_reads_a_tenants_own_numbers(filled: Lake) -> None:
    make_reports(filled, PERIOD)
    query = (
        "select tenant, value from report_numbers where section = 'total' and measure = 'error_count' order by tenant"
    )
    assert [tuple(row.values()) for row in ask(filled, query).rows] == [("_platform", 96), ("acme", 48), ("globex", 48)]
    assert [row["tenant"] for row in ask(filled, query, "globex").rows] == ["globex"]


@pytest.mark.parametrize(
    ("now", "day"),
    [(datetime(2025, 6, 11, 9, tzinfo=UTC), DAY), (datetime(2025, 6, 10, 9, tzinfo=UTC), BEFORE)],
    ids=["the_last", "not_the_one_that_is_open"],
)
def test_the_last_full_day_that_has_data(filled: Lake, now: datetime, day: str) -> None:
    assert last_full_day(at(filled, now)).name == day


def test_without_a_full_day_the_open_one_is_better_than_none(lake: Lake) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T00", 1)])
    assert last_full_day(at(lake, datetime(2025, 6, 10, 2, tzinfo=UTC))).name == DAY


def test_an_empty_lake_has_nothing_to_report_on(lake: Lake) -> None:
    assert make_reports(lake, PERIOD) == []
    with pytest.raises(UsageError, match="logsight build"):
        last_full_day(lake)
    with pytest.raises(UsageError, match="tenant acme: no trends"):
        make_reports(lake, PERIOD, "acme")


def test_a_damaged_page_does_not_stop_a_new_one(filled: Lake) -> None:
    filled.store.put(report_page_key("acme", "daily", DAY), b"\xff" * 10)
    (made,) = make_reports(filled, PERIOD, "acme")
    assert made.is_new
    assert filled.store.head(report_numbers_key("acme", "daily", DAY))
