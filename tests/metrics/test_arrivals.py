"""Metric objects taken in: everything is counted once, what cannot be read is kept, and a kill costs nothing."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from logsight_assets.lake import Lake, marked, metric_files_prefix, tombstone_key
from logsight_assets.metrics.arrivals import MetricReceipt, take_in
from logsight_assets.metrics.files import files_of
from logsight_assets.timeline import Hour
from tests.doubles import HookedStore
from tests.intake.lakes import refused, with_store
from tests.metrics.otlp_files import HOUR, gauge, lines, put_metrics, request, value

GOOD = request(gauge("m", value(0, 1.0), value(60, 2.0)))


def receipts(lake: Lake) -> list[MetricReceipt]:
    return [MetricReceipt.from_json(lake.store.get(entry.key)) for entry in lake.store.list("metric_receipts/")]


def noted(lake: Lake, hour: Hour = HOUR) -> list[str]:
    return [file.raw_key for file in files_of(lake.store, "acme", hour)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("line.json.gz", lines(GOOD)),
        ("plain.json", lines(GOOD)),
        ("pretty.json", json.dumps(GOOD, indent=2).encode()),
        ("blank.json.gz", b"\n\n" + lines(GOOD) + b"\n"),
        ("named-otherwise.bin", gzip.compress(lines(GOOD))),
    ],
)
def test_a_request_is_read_however_it_was_written(lake: Lake, name: str, data: bytes) -> None:
    key = put_metrics(lake, data, name)
    done = take_in(lake)
    assert (done.objects, done.measured, done.refused, done.faults) == (1, 2, 0, 0)
    assert noted(lake) == [key]


def test_what_was_taken_in_is_not_taken_in_again(lake: Lake) -> None:
    put_metrics(lake, [GOOD])
    assert take_in(lake).objects == 1
    assert take_in(lake).objects == 0


def test_the_hours_of_the_points_are_noted_and_marked_however_late_the_object_is(lake: Lake) -> None:
    put_metrics(lake, [request(gauge("m", value(0, 1.0), value(7200, 1.0)))], hour=HOUR + 30)
    done = take_in(lake)
    assert done.hours == {HOUR, HOUR + 2}
    assert set(marked(lake.store, "metrics")) == {str(HOUR + hours) for hours in (0, 1, 2, 3)}
    assert noted(lake, HOUR + 2)


def test_only_the_hours_that_are_asked_for_are_looked_at(lake: Lake) -> None:
    put_metrics(lake, [GOOD], hour=HOUR - 5)
    assert take_in(lake, [HOUR]).objects == 0
    assert take_in(lake, [HOUR - 5]).objects == 1


def test_a_look_ends_behind_the_object_that_reaches_its_limit_and_the_next_one_goes_on(lake: Lake) -> None:
    for number in range(3):
        put_metrics(lake, [GOOD], f"{number}.json.gz")
    assert [take_in(lake, most_bytes=1).objects for _ in range(4)] == [1, 1, 1, 0]


BAD_POINT = {"timeUnixNano": "no time", "asDouble": 1.0}


@pytest.mark.parametrize(
    ("data", "measured", "reasons"),
    [
        pytest.param(lines(GOOD) + b'{"resourceMetrics": [\n' + lines(GOOD), 4, ["not_json"], id="a cut line"),
        pytest.param(lines(GOOD, {"resourceLogs": []}), 2, ["wrong_structure"], id="another kind of document"),
        pytest.param(lines(GOOD) + b"[1]\n", 2, ["not_an_object"], id="no object"),
        pytest.param(b"once upon a time\n", 0, ["not_json"], id="text"),
        pytest.param(lines(request(gauge("m", value(0, 1.0), BAD_POINT))), 1, ["wrong_structure"], id="one point"),
        pytest.param(b'{"fetchedMetrics": {"series": 5}}\n', 0, ["wrong_structure"], id="no answer of ours"),
        pytest.param(b'{"resourceMetrics": ' + b"[" * 200 + b"]" * 200 + b"}\n", 0, ["too_deep"], id="too deep"),
    ],
)
def test_what_cannot_be_read_is_in_quarantine_and_costs_nothing_else(
    lake: Lake, data: bytes, measured: int, reasons: list[str]
) -> None:
    put_metrics(lake, data)
    done = take_in(lake)
    assert (done.measured, done.refused) == (measured, len(reasons))
    assert [entry.reason for entry in refused(lake)] == reasons
    (receipt,) = receipts(lake)
    assert (receipt.measured, receipt.refused) == (measured, len(reasons))


def test_a_cut_object_keeps_its_whole_lines_and_says_so(lake: Lake) -> None:
    whole = gzip.compress(lines(*[GOOD] * 50), mtime=0)
    put_metrics(lake, b"", "cut.json.gz")
    lake.store.put(put_metrics(lake, b"", "cut.json.gz"), whole[: len(whole) - 12])
    done = take_in(lake)
    assert done.faults == 1
    assert receipts(lake)[0].faults == ["cut"]


def test_every_point_is_measured_left_out_or_refused(lake: Lake) -> None:
    points: list[dict[str, Any]] = [value(0, 1.0), value(1, 2.0) | {"flags": 1}, BAD_POINT, value(2, 3.0)]
    put_metrics(lake, [request(gauge("m", *points))])
    take_in(lake)
    (receipt,) = receipts(lake)
    assert (receipt.measured, receipt.left_out, receipt.refused) == (2, {"no_recorded_value": 1}, 1)
    assert receipt.hours == {str(HOUR): 2}


def test_an_object_that_grew_is_read_anew_and_what_was_noted_of_it_goes(lake: Lake) -> None:
    put_metrics(lake, [request(gauge("m", BAD_POINT, value(-7200, 1.0)))])
    take_in(lake)
    key = put_metrics(lake, [GOOD])
    assert take_in(lake).measured == 2
    assert (noted(lake, HOUR - 2), noted(lake), len(receipts(lake))) == ([], [key], 1)
    assert refused(lake) == []
    assert str(HOUR - 2) in marked(lake.store, "metrics")


@pytest.mark.parametrize(
    "place", ["raw_metrics/tenant=A B/source=otlp", "raw_metrics/tenant=acme/source=.x", "raw_metrics/x=1/y=2"]
)
def test_what_lies_elsewhere_is_left_alone(lake: Lake, place: str) -> None:
    lake.store.put(f"{place}/{HOUR.path}/a.json", lines(GOOD))
    assert take_in(lake).objects == 0


def test_an_erased_tenants_objects_are_not_read(lake: Lake) -> None:
    put_metrics(lake, [GOOD])
    lake.store.put(tombstone_key("acme"), b"{}")
    assert take_in(lake).objects == 0
    assert list(lake.store.list(metric_files_prefix("acme", HOUR))) == []


class Killed(BaseException):
    """In place of a kill between two operations of the store."""


def test_whoever_is_killed_while_taking_in_is_finished_by_the_next(lake: Lake) -> None:
    put_metrics(lake, [request(gauge("m", value(0, 1.0), BAD_POINT))])
    kills = 0
    while not receipts(lake):
        left = iter(range(kills))

        def before(operation: str, key: str, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Killed

        with contextlib.suppress(Killed):
            take_in(with_store(lake, HookedStore(lake.store, before=before)))
        kills += 1
    assert kills > 4, "quarantine, note, markers, receipt"
    (receipt,) = receipts(lake)
    assert (receipt.measured, len(noted(lake)), len(refused(lake))) == (1, 1, 1)
    assert str(HOUR) in marked(lake.store, "metrics")
