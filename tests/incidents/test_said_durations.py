"""Durations that lines say: which forms are read, and how they come out of a lake."""

from __future__ import annotations

from pathlib import Path

import pytest

from logsight_assets.incidents.normal_hours import Kind
from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.reading import EVENTS_READ, files_of, observe
from logsight_assets.incidents.said_durations import said_durations, says_duration
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import Lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.trends.histogram import bounds, bucket_of
from tests.incidents.scenes import alarm_on, lake_of, line_at

SAID = [  # text, milliseconds; None for a text that says none
    ("order 7 stored, took 5312 ms", 5312),
    ("flushed region 4 elapsed=4.2s", 4200),
    ("timed out in 30000ms", 30000),
    ('{"message":"[Charge]","http.resp.took_ms":12}', 12),
    ("done responseTimeMs: 43", 43),
    ("method=Health result=2 took=40.5µs", 0.0405),
    ("took=3.190824ms", 3.190824),
    ("duration: 12.5 ms  statement: select 1", 12.5),
    ('GET / 200 153 "-" rt=0.317', 0.317),
    ("request_time_s=2", 2000),
    ("Pause 1.5 seconds (young)", 1500),
    ("saved 5 rows to s3", None),
    ("time=12:33:20 started", None),
    ("time: 2025-06-04 started", None),
    ("version 2.9.0 of stock-7s-x", None),
]


def durations_of(lake: Lake) -> tuple[Observed, dict[str, list[tuple[int, int, str]]]]:
    """Text of a template → (slice, bucket, event)."""
    alarm = alarm_on("shop")
    window = Window.of(alarm)
    files = files_of(lake, ["acme"], window, lambda _: Kind.USUAL)
    with embedded_engine(lake) as engine, engine.session() as session:
        observed = observe(session, files, files.time, {})
        took = said_durations(session, EVENTS_READ, observed.templates, observed.services, observed.counts, window)
    found: dict[str, list[tuple[int, int, str]]] = {}
    for template, at, bucket, event in zip(took.template, took.slices, took.bucket, took.event_id, strict=True):
        found.setdefault(observed.templates[template].sample, []).append((int(at), int(bucket), str(event)))
    return observed, found


def test_durations_in_texts_are_read_in_their_units(tmp_path: Path) -> None:
    lines = [line_at(-30, "shop", text) for text, _ in SAID]
    _, found = durations_of(lake_of(tmp_path, lines))
    for text, milliseconds in SAID:
        assert says_duration(text) == (milliseconds is not None), text
        if milliseconds is None:
            assert text not in found
        else:
            ((_, bucket, _),) = found[text]
            low, high = bounds(bucket)
            assert low <= round(milliseconds * 1e6) <= high, text


def test_a_field_counts_before_the_text_and_times_are_told_by_slices(tmp_path: Path) -> None:
    lines = [
        line_at(-150, "shop", "page shown, took 7 ms"),
        line_at(-15, "shop", "page shown, took 9 ms"),
        line_at(-15, "till", "page paid", attributes={"duration_ms": 40}),
        line_at(-15, "bank", "page booked, took 5 ms", attributes={"duration_ms": 40}),
    ]
    observed, found = durations_of(lake_of(tmp_path, lines))
    slices = [at for at, _, _ in found["page shown, took 7 ms"]]
    assert [at * observed.window.slice_ns // 10**9 for at in slices] == [-30, 100]
    for text in ("page paid", "page booked, took 5 ms"):
        ((_, bucket, _),) = found[text]
        low, high = bounds(bucket)
        assert low <= 40_000_000 <= high


def test_of_frequent_lines_a_fair_sample_is_read(tmp_path: Path) -> None:
    lines = [line_at(-800 + place / 2, "shop", f"page shown, took {(5, 900)[place % 2]} ms") for place in range(1300)]
    _, found = durations_of(lake_of(tmp_path, lines))
    (read,) = found.values()
    assert 0 < len(read) < 700
    assert 0.3 < sum(bucket > bucket_of(100_000_000) for _, bucket, _ in read) / len(read) < 0.7


@pytest.mark.parametrize("lines", [[], [line_at(-15, "shop", "page shown")]], ids=["no events", "no durations"])
def test_lines_without_durations_give_none(tmp_path: Path, lines: list[bytes]) -> None:
    assert durations_of(lake_of(tmp_path, lines))[1] == {}
