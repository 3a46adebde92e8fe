"""The two ways of reading flat JSON agree, and none of them loses a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.intake import reading
from tests.intake.lakes import HOUR, events, flat_line, make_lake, put_raw, read_all, receipts, refused

_SAME = ("time_unix_nano", "tenant", "service", "severity_number", "severity_text", "body", "trace_id", "span_id")


def _read(root: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch, *, by_python: bool) -> dict[str, Any]:
    lake = make_lake(root)
    put_raw(lake, lines)
    with monkeypatch.context() as patch:
        if by_python:
            patch.setattr(reading, "_read_flat", lambda *_: None)
        read_all(lake)
    (receipt,) = receipts(lake)
    rows = sorted(events(lake), key=lambda e: (e["raw_line"], e["raw_record"]))
    return {
        "counts": (receipt.lines, receipt.consumed_lines, receipt.quarantined_lines, receipt.ignored_lines),
        "events": [{name: row[name] for name in _SAME} for row in rows],
        "attributes": [json.loads(row["attributes"]) for row in rows],
        "own_ids": [(row["event_id"] if row["record_hash"] is not None else None) for row in rows],
        "refused": [(entry.line, entry.reason, entry.raw) for entry in refused(lake)],
    }


PLAIN = [flat_line(minute=m, event_id=f"id-{m}", traceId="a" * 32, spanId="b" * 16) for m in range(20)]

CASES = {
    "plain": PLAIN,
    "whitespace": [json.dumps(json.loads(line)).encode() for line in PLAIN],
    "crlf": [line + b"\r" for line in PLAIN],
    "blank_lines": [*PLAIN[:3], b"", *PLAIN[3:], b"   "],
    "unknown_key": [*PLAIN, flat_line(extra=1)],
    "duplicate_key": [*PLAIN, b'{"body":"one","body":"two","timeUnixNano":"%d"}' % HOUR.start_nano],
    "cut_line_before_a_good_one": [*PLAIN[:5], b'{"timeUnixNano":', *PLAIN[5:]],
    "cut_in_array": [*PLAIN[:5], b'{"a":[1,', *PLAIN[5:]],
    "two_objects_in_a_line": [*PLAIN, PLAIN[0] + PLAIN[1]],
    "not_objects": [*PLAIN, b"[1]", b'"text"', b"null", b"7"],
    "bad_trace_id": [*PLAIN, flat_line(traceId="xyz"), flat_line(traceId="G" * 32)],
    "time_in_seconds": [*PLAIN, flat_line(timeUnixNano=HOUR.start_nano // 10**9)],
    "no_time": [*PLAIN, flat_line(timeUnixNano=None)],
    "body_is_an_object": [*PLAIN, flat_line(body={"a": 1})],
    "no_body": [*PLAIN, flat_line(body=None)],
    "attributes_are_text": [*PLAIN, flat_line(attributes="text")],
    "severity_out_of_range": [*PLAIN, flat_line(severityNumber=99)],
    "severity_is_a_word": [*PLAIN, flat_line(severityNumber="error")],
    "escapes": [*PLAIN, flat_line(body='a "quoted" \\ and \n line'), flat_line(body="\u00e9\u2028")],
    "own_id_in_attributes": [*PLAIN, flat_line(attributes={"log.record.uid": "u1"})],
    "invalid_utf8": [*PLAIN, PLAIN[0].replace(b"order", b"\xff\xfe")],
    "no_tenant": [*PLAIN, flat_line(tenant=None)],
    "number_as_tenant": [*PLAIN, flat_line(resource={"tenant.id": 5}, tenant=None)],
}


@pytest.mark.parametrize("lines", CASES.values(), ids=CASES.keys())
def test_both_ways_read_the_same(lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = _read(tmp_path / "fast", lines, monkeypatch, by_python=False)
    slow = _read(tmp_path / "slow", lines, monkeypatch, by_python=True)
    assert fast == slow


def test_a_line_behind_a_cut_one_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _read(tmp_path / "lake", CASES["cut_line_before_a_good_one"], monkeypatch, by_python=False)
    assert len(found["events"]) == len(PLAIN)
    assert found["refused"] == [(6, "not_json", b'{"timeUnixNano":')]


_fragments = st.sampled_from(
    [
        b'{"body":"a"',
        b"}",
        b",",
        b'"timeUnixNano":"1748772000000000000"',
        b"\n",
        b"[",
        b"]",
        b"null",
        b"\x00",
        b"\xff",
        b"1",
    ]
)


@settings(max_examples=60)
@given(st.lists(st.one_of(_fragments, st.binary(max_size=12)), max_size=30).map(b"".join))
def test_any_bytes_are_read_and_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    lake = make_lake(tmp_path_factory.mktemp("any") / "lake")
    put_raw(lake, b"".join(line + b"\n" for line in PLAIN) + tail)
    read_all(lake)  # raises ConservationError if the sums do not hold
    (receipt,) = receipts(lake)
    assert receipt.lines == (b"\n".join(PLAIN) + b"\n" + tail).removesuffix(b"\n").count(b"\n") + 1
    assert len(events(lake)) == receipt.events
