"""Objects of several hours by one pool of threads: each hour keeps its own report and its own failure."""

from __future__ import annotations

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.run import read_hours, workbench
from logsight_assets.lake import Lake
from logsight_assets.timeline import Hour
from tests.intake.lakes import HOUR, flat_line, put_raw, receipts


def test_an_hour_whose_object_is_gone_fails_alone(lake: Lake) -> None:
    hours = [HOUR - 2, HOUR - 1, HOUR]
    for count, hour in enumerate(hours, start=1):
        for number in range(count):
            put_raw(lake, [flat_line()], f"{number}.gz", hour=hour)
    seen: list[str] = []
    with workbench(lake) as bench:
        found = waiting(lake, bench.declared.by_name)
        by_hour = {hour: [arrival for arrival in found if arrival.raw.arrival_hour == hour] for hour in hours}
        lake.store.delete(by_hour[HOUR - 1][0].raw.key)
        objects: dict[Hour, int | None] = {}
        for hour, report in read_hours(bench, by_hour, lambda receipt: seen.append(receipt.arrival_hour)):
            try:
                objects[hour] = report().objects
            except ObjectMissing:
                objects[hour] = None
    assert objects == {HOUR - 2: 1, HOUR - 1: None, HOUR: 3}
    assert list(objects) == hours
    assert sorted(seen) == sorted(receipt.arrival_hour for receipt in receipts(lake))
    assert len(seen) == 5


def test_whoever_stops_early_leaves_what_has_not_begun(lake: Lake) -> None:
    for number in range(40):
        put_raw(lake, [flat_line()], f"{number}.gz", hour=HOUR - number % 20)
    with workbench(lake) as bench:
        found = waiting(lake, bench.declared.by_name)
        by_hour = {HOUR - n: [arrival for arrival in found if arrival.raw.arrival_hour == HOUR - n] for n in range(20)}
        reading = read_hours(bench, by_hour, lambda _: None)
        assert next(reading)[1]().objects == 2
        reading.close()
    assert 2 <= len(receipts(lake)) < 40
