"""What must hold for every input: parsing raises nothing, loses no line, and gives each record of a line its own place.

On the level of whole formats, because that is where intake counts; the inputs are lines of every known shape, cut,
mixed and corrupted, besides plain noise.
"""

# ruff: noqa: E501  (log lines are as long as they are)
from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logsight_assets.intake.formats import FORMATS, detect, parse_object
from logsight_assets.intake.records import (
    QUARANTINE_REASONS,
    Ignored,
    Outcome,
    ParseContext,
    Record,
    Refused,
    numbered,
)

CONTEXT = ParseContext(datetime(2025, 6, 1, 10, tzinfo=UTC), pattern=r"(?P<time>\S+) (?P<level>\w+) (?P<message>.*)")
SEEDS = [
    b'{"time":"2025-06-01T10:00:00Z","level":"INFO","msg":"ok","n":1.5,"a":[1,{"b":null}]}',
    b'{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"intValue":"1"}}]},"scopeLogs":[{"logRecords":[{}]}]}]}',
    b'{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"1","timestamp":1748772000000,"message":"m"}]}',
    b'{"awslogs":{"data":"H4sIAAAAAAAAAA=="}}',
    b'{"Records":[{"eventSource":"s","eventName":"n","eventVersion":"1","eventID":"i"}]}',
    b'{"log":"x\\n","stream":"stdout","time":"2025-06-01T10:00:00Z"}',
    b'{"__REALTIME_TIMESTAMP":"1748772000000000","MESSAGE":[104,105],"PRIORITY":"3"}',
    b"{",
    b"[",
    b'  "a": {',
    b"}",
    b"]",
    b"},",
    b"__CURSOR=s=1",
    b"MESSAGE",
    b"\x05\x00\x00\x00\x00\x00\x00\x00hello",
    b"2025-06-01T10:00:00.123456789Z stdout P part",
    b"2025-06-01T10:00:00.123Z stderr F \tat a.b(C.java:1)",
    b'<34>1 2025-06-01T10:00:00Z host app 1 ID47 [x@1 a="b\\]"][y] message',
    b"<34>Oct 11 22:14:15 host su[12]: failed",
    b"Feb 29 23:59:60 host kernel: x",
    b'10.0.0.1 - - [01/Jun/2025:10:00:00 +0000] "GET /a?b HTTP/1.1" 200 12 "-" "curl" 0.050',
    b'https 2025-06-01T10:00:00.1Z app/x 1.2.3.4:5 - -1 -1 -1 502 - 1 2 "GET http://a:80/ HTTP/1.1" "ua" c t - "Root=1-58337327-72bd00b0343d75b906739c42"',
    b"2 123456789010 eni-1 1.1.1.1 2.2.2.2 1 2 6 20 4249 1418530010 1418530070 ACCEPT OK",
    b"version account-id interface-id",
    b"#Fields: date time cs-method sc-status",
    b"2025-06-01 10:00:00 GET 500",
    b"E0601 10:00:00.123456 1 a.go:12] x",
    b'ts=2025-06-01T10:00:00Z level=warn msg="a \\"b" x',
    b"2025-06-01 10:00:00,123 ERROR [main] a.B - boom",
    b"[2025-06-01 10:00:00] local.ERROR: x {",
    b"# Time: 2025-06-01T10:00:00Z",
    b"# User@Host: a[a] @ h [] Id: 1",
    b"SELECT 1;",
    b'web-1  | {"msg":"x"}',
    b"Caused by: java.lang.X",
    b"\tat a.b.C(D.java:1)",
    b"Traceback (most recent call last):",
    b"\x1b[31mred\x1b[0m",
    b"   ",
    b"\r",
    b"\xff\xfe2\x000\x00",
    b"plain words",
]


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    line = draw(st.sampled_from(SEEDS))
    kind = draw(st.integers(0, 5))
    at = draw(st.integers(0, len(line)))
    if kind == 0:
        return line[:at]
    if kind == 1:
        return line[at:]
    if kind == 2:
        return line[:at] + draw(st.binary(max_size=4)) + line[at:]
    if kind == 3:
        return line + draw(st.sampled_from(SEEDS))
    if kind == 4:
        return line + b"\r"
    return line


LINES = st.lists(st.one_of(st.sampled_from(SEEDS), _damaged(), st.binary(max_size=40)), max_size=14).map(
    lambda lines: [line.replace(b"\n", b" ") for line in lines]
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_conserved(lines: list[bytes], outcomes: list[Outcome]) -> None:
    assert sum(outcome.line_count for outcome in outcomes) == len(lines)
    assert all(outcome.line_count >= 0 for outcome in outcomes)
    places = [(outcome.line, outcome.index) for outcome in outcomes if not isinstance(outcome, Ignored)]
    assert len(places) == len(set(places))
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            assert outcome.reason in QUARANTINE_REASONS
        elif isinstance(outcome, Ignored):
            assert outcome.rule in {"blank", "header", "control"}
        else:
            assert_well_formed(outcome)


def assert_well_formed(record: Record) -> None:
    fields = record.fields
    assert record.line >= 1
    assert isinstance(fields.get("body", ""), str)
    assert isinstance(fields.get("attributes", {}), dict)
    assert isinstance(fields.get("resource", {}), dict)
    assert 1 <= fields.get("severityNumber", 1) <= 24
    for name in ("timeUnixNano", "observedTimeUnixNano"):
        assert isinstance(fields.get(name, 1), int)
    assert len(fields.get("traceId", "0" * 32)) == 32
    assert len(fields.get("spanId", "0" * 16)) == 16
    assert set(fields) <= {
        "timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "body", "attributes", "resource",
        "traceId", "spanId", "event_id",
    }  # fmt: skip
    orjson.dumps(fields, option=orjson.OPT_NON_STR_KEYS)  # neither NaN, lone surrogates nor integers beyond 64 bits


@pytest.mark.parametrize("name", sorted(FORMATS))
@QUICK
@given(lines=LINES)
def test_no_format_raises_or_loses_a_line(name: str, lines: list[bytes]) -> None:
    assert_conserved(lines, list(parse_object(numbered(lines), name, CONTEXT)))


@settings(QUICK, max_examples=200)
@given(lines=LINES)
def test_detection_raises_nothing_and_names_a_format(lines: list[bytes]) -> None:
    name = detect(lines)
    assert name in FORMATS
    assert_conserved(lines, list(parse_object(numbered(lines), name, CONTEXT)))


@settings(QUICK, max_examples=100)
@given(lines=LINES, start=st.sampled_from(["^\\S", "^$", "x"]))
def test_a_multiline_rule_loses_no_line(lines: list[bytes], start: str) -> None:
    context = ParseContext(CONTEXT.arrival_hour, multiline_start=start)
    assert_conserved(lines, list(parse_object(numbered(lines), "text", context)))


KEYS = st.sampled_from(
    ["time", "timestamp", "ts", "t", "$date", "level", "severity", "severityNumber", "status", "body", "msg", "log",
     "attributes", "resource", "traceId", "trace_id", "trace", "dd", "dd.trace_id", "traceparent", "spanId", "service",
     "host", "event_id", "timeUnixNano", "observedTimeUnixNano", "resourceLogs", "scopeLogs", "logRecords", "Records",
     "eventName", "eventSource", "eventVersion", "eventID", "logEvents", "messageType", "message", "id", "key", "value",
     "stringValue", "intValue", "kvlistValue", "values", "awslogs", "data", "stream", "MESSAGE", "PRIORITY", "s",
     "__REALTIME_TIMESTAMP", "name", "pid", "hostname", "date", "@fields", "lvl", "seconds", "nanos", "log.record.uid"]
) | st.text(max_size=5)  # fmt: skip
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(QUICK, max_examples=400)
@given(
    obj=st.dictionaries(KEYS, JSON_VALUES, max_size=8),
    name=st.sampled_from(sorted(name for name, known in FORMATS.items() if known.is_json)),
)
def test_any_json_object_is_a_record_or_a_refusal(obj: dict[str, object], name: str) -> None:
    import json

    lines = [json.dumps(obj).encode(), json.dumps(obj, indent=1).encode()]
    physical = b"\n".join(lines).split(b"\n")
    assert_conserved(physical, list(parse_object(numbered(physical), name, CONTEXT)))
