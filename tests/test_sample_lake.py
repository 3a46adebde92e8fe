"""The sample logs through the product, from raw objects to trend tables, against their known truth.

At the level of the command line's own build, because that is what people run: jobs, pyramid and checks included.
"""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import UTC, datetime

import duckdb
import pytest
import yaml

from logsight_assets.build import BuildSummary
from logsight_assets.intake.receipts import read_receipts
from logsight_assets.lake import Lake, open_lake
from logsight_assets.progress import building
from logsight_assets.reader.ask import ask
from logsight_assets.sample.shop import Shop, source_definitions
from logsight_assets.sample.spec import ShopSpec
from logsight_assets.sample.truth import Truth

SPEC = ShopSpec(end=datetime(2025, 6, 3, 2, tzinfo=UTC), hours=8, events_per_hour=400)

pytestmark = pytest.mark.xdist_group("sample-lake")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Truth, BuildSummary]:
    root = tmp_path_factory.mktemp("sample") / "lake"
    lake = open_lake(str(root), {}, clock=lambda: datetime(2025, 6, 3, 2, 5, tzinfo=UTC))
    (lake.config / "sources").mkdir(parents=True)
    for name, definition in source_definitions(SPEC).items():
        (lake.config / "sources" / f"{name}.yaml").write_text(yaml.safe_dump(definition))
    shop = Shop(SPEC)
    for sample in shop:
        lake.store.put(sample.key, sample.data)
    return lake, shop.truth, building(lake)


def _cells(lake: Lake, query: str) -> Counter[str]:
    rows = ask(lake, query).rows
    return Counter({"|".join(str(v) for k, v in row.items() if k != "n"): int(row["n"]) for row in rows})


def test_every_raw_object_is_accounted_for_as_the_truth_says(built: tuple[Lake, Truth, BuildSummary]) -> None:
    lake, truth, _ = built
    receipts = {receipt.raw_key: receipt for receipt in read_receipts(lake)}
    assert set(receipts) == set(truth.objects)
    for key, expected in truth.objects.items():
        receipt = receipts[key]
        refused = expected.bad_lines + expected.tenant_invalid + expected.tenant_not_granted
        assert (receipt.lines, receipt.events, receipt.quarantined) == (expected.lines, expected.events, refused), key


@pytest.mark.parametrize("level", ["minute", "hour", "day"])
def test_counts_are_exact_in_every_cell_at_every_level(built: tuple[Lake, Truth, BuildSummary], level: str) -> None:
    lake, truth, _ = built
    size = {"minute": 13, "hour": 13, "day": 10}[level]
    expected: Counter[str] = Counter()
    for cell, count in truth.totals().items():
        tenant, hour, service, severity = cell.split("|")
        expected[f"{tenant}|{hour[:size]}|{service}|{severity}"] += count
    found = _cells(
        lake,
        f"select tenant, left(replace(cast({level}_time as varchar), ' ', 'T'), {size}) as t, service, severity_number,"
        f" sum(event_count) as n from service_trend_{level} group by all",
    )
    assert found == expected


def test_duplicates_count_once_wherever_they_arrived(built: tuple[Lake, Truth, BuildSummary]) -> None:
    lake, truth, summary = built
    assert summary.to_json()["duplicates"] == sum(truth.duplicates.values())
    (row,) = ask(lake, "select count(*) as n from events").rows
    assert row["n"] == truth.events


def test_templates_and_durations_add_up_to_the_services(built: tuple[Lake, Truth, BuildSummary]) -> None:
    lake = built[0]
    query = "select tenant, service, sum(event_count) as n from {} group by all"
    assert _cells(lake, query.format("service_trend_hour")) == _cells(lake, query.format("template_trend_hour"))
    durations = "select tenant, service, sum({}) as n from {} group by all having n > 0"
    assert _cells(lake, durations.format("duration_count", "service_trend_hour")) == _cells(
        lake, durations.format("event_count", "service_duration_hour")
    )


def test_no_personal_data_is_left_outside_the_vault(built: tuple[Lake, Truth, BuildSummary]) -> None:
    lake, truth, _ = built
    values = sorted({value for _, value in truth.pii})
    assert len(values) > 20
    texts = [
        " ".join(str(value) for value in row)
        for entry in lake.store.list("")
        if entry.key.endswith(".parquet")
        for row in duckdb.connect().execute("select * from read_parquet(?)", [lake.store.uri(entry.key)]).fetchall()
    ]
    stored = "\n".join(texts)
    assert [value for value in values if value in stored] == []
    raw = b"".join(gzip.decompress(lake.store.get(e.key)) for e in lake.store.list("raw/"))
    assert all(value.encode() in raw for value in values), "the values were there to be found"


def test_the_fault_is_to_be_seen(built: tuple[Lake, Truth, BuildSummary]) -> None:
    lake, truth, _ = built
    assert truth.fault is not None
    rows = ask(
        lake,
        f"select hour_time, sum(error_count) as n from service_trend_hour where service = '{truth.fault.service}'"
        " group by all order by hour_time",
    ).rows
    errors = [int(row["n"]) for row in rows]
    assert max(errors[-2:]) > 5 * max(errors[:-2])


def test_a_second_build_has_nothing_to_do(built: tuple[Lake, Truth, BuildSummary]) -> None:
    again = building(built[0]).to_json()
    assert (again["objects"], again["event_hours"]) == (0, [])
