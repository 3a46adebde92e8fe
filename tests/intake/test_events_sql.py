"""What `sql/intake/events.sql` and `timed_records.sql` make of records: literal lines through the real pipeline.

At that level because the SQL's inputs are made by two readers, DuckDB's and Python's, and both must lead to these rows.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.lake import Lake
from logsight_assets.sqltext import sql_folder
from logsight_assets.trends.histogram import bucket_of
from tests.intake.lakes import HOUR, define_source, events, flat_line, make_lake, put_raw, read_all, receipts

DAYS_30_NS = 30 * 86_400 * 10**9
# Some long numbers are numbers of payment cards too, and then redaction comes first.
NO_CARDS = {"redaction.card": False}


def rows_of(lake: Lake, *lines: bytes, **source: Any) -> list[dict[str, Any]]:
    """The events of these lines, in their order."""
    if source:
        define_source(lake, "shop", tenants="any", **source)
    put_raw(lake, lines)
    read_all(lake)
    return sorted(events(lake), key=lambda event: (event["raw_line"], event["raw_record"]))


def column(lake: Lake, name: str, *lines: bytes, **source: Any) -> list[Any]:
    return [event[name] for event in rows_of(lake, *lines, **source)]


def with_attributes(*attributes: dict[str, Any]) -> list[bytes]:
    return [flat_line(attributes=each) for each in attributes]


def stored_time(**after: int) -> datetime:
    """A time after HOUR's start as it is stored: UTC, without a zone."""
    return (HOUR.start + timedelta(**after)).replace(tzinfo=None)


def nano(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) * 10**9


# Durations ------------------------------------------------------------------------------------------------------------

UNITS = {
    "duration_ns": 1,
    "duration_us": 10**3,
    "duration_ms": 10**6,
    "durationMs": 10**6,
    "latency_ms": 10**6,
    "elapsed_ms": 10**6,
    "response_time_ms": 10**6,
    "duration_s": 10**9,
    "http.server.request.duration": 10**9,
    "request_time": 10**9,
}


def test_every_recognised_name_is_read_in_its_unit(lake: Lake) -> None:
    found = column(lake, "duration_ns", *with_attributes(*({name: 12} for name in UNITS)))
    assert found == [12 * unit for unit in UNITS.values()]


def test_fractions_and_texts_are_numbers_too(lake: Lake) -> None:
    found = column(
        lake,
        "duration_ns",
        *with_attributes(
            {"duration_ms": 12.345},
            {"duration_ms": "12.345"},
            {"request_time": "0.001"},
            {"request_time": 1e-9},
            {"duration_ns": 1.5},
            {"duration_ns": 0.4},
            {"duration_ms": 0},
            {"duration_us": "1e3"},
        ),
    )
    assert found == [12_345_000, 12_345_000, 1_000_000, 1, 2, 0, 0, 1_000_000]


def test_the_finest_unit_that_can_be_read_counts(lake: Lake) -> None:
    found = column(
        lake,
        "duration_ns",
        *with_attributes(
            {"request_time": 9, "duration_ms": 8, "duration_us": 7, "duration_ns": 6},
            {"request_time": 9, "latency_ms": 8, "duration_ns": "unknown"},
            {"request_time": 9, "duration_ms": None},
        ),
    )
    assert found == [6, 8_000_000, 9_000_000_000]


_OUT_OF_RANGE = [-1, -0.6, "NaN", "inf", "-inf", 1e300, 30 * 86_400_000 + 1]
_NO_NUMBERS = ["5ms", "", True, None, [5], {"ms": 5}]


@pytest.mark.parametrize(
    ("value", "counted"), [*((value, 1) for value in _OUT_OF_RANGE), *((value, 0) for value in _NO_NUMBERS)]
)
def test_what_is_no_duration_of_up_to_30_days_is_null(lake: Lake, value: Any, counted: int) -> None:
    (event,) = rows_of(lake, *with_attributes({"duration_ms": value}))
    assert (event["duration_ns"], event["duration_bucket"]) == (None, None)
    assert receipts(lake)[0].durations_out_of_range == counted, "numbers are counted; what is none is no duration"
    assert json.loads(event["attributes"]) == {"duration_ms": value}, "the record keeps what it said"


def test_30_days_are_the_longest(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, NO_CARDS)
    found = column(lake, "duration_ns", *with_attributes({"duration_ns": DAYS_30_NS}, {"duration_ns": DAYS_30_NS + 1}))
    assert found == [DAYS_30_NS, None]


@settings(max_examples=5)
@given(
    st.lists(
        st.one_of(st.integers(0, DAYS_30_NS), st.integers(0, 51).map(lambda n: 2**n), st.integers(0, 300)),
        min_size=40,
        max_size=40,
    )
)
def test_buckets_are_those_of_the_histogram(tmp_path_factory: pytest.TempPathFactory, durations: list[int]) -> None:
    edges = [2**power + step for power in range(52) for step in (-1, 0, 1)]
    wanted = [ns for ns in durations + edges if ns <= DAYS_30_NS]
    lake = make_lake(tmp_path_factory.mktemp("buckets"), NO_CARDS)
    found = rows_of(lake, *with_attributes(*({"duration_ns": ns} for ns in wanted)))
    assert [event["duration_ns"] for event in found] == wanted
    assert [event["duration_bucket"] for event in found] == [bucket_of(ns) for ns in wanted]


# Errors and requests --------------------------------------------------------------------------------------------------

SEVERITIES = [flat_line(severityNumber=n, severityText=None) for n in (16, 17, 24)]
STATUSES = with_attributes(
    {"http.response.status_code": 499},
    {"http.response.status_code": 500},
    {"http.response.status_code": "503"},
    {"http.status_code": 500},
    {"http.response.status_code": 200, "http.status_code": 500},
    {"http.response.status_code": "abc"},
    {"status": 500},
)


def test_an_error_is_severe_or_has_a_failing_status(lake: Lake) -> None:
    found = column(lake, "is_error", *SEVERITIES, *STATUSES)
    assert found == [False, True, True, False, True, True, True, False, False, False]


def test_an_event_without_severity_is_no_error_and_not_unknown(lake: Lake) -> None:
    (event,) = rows_of(lake, flat_line(severityNumber=None, severityText=None))
    assert (event["severity_number"], event["is_error"], event["is_request"]) == (None, False, False)


def test_a_sources_own_rule_says_what_an_error_is(lake: Lake) -> None:
    rule = {"severity_at_least": 24, "status_at_least": 400}
    found = column(lake, "is_error", *SEVERITIES, *STATUSES, error=rule)
    assert found == [False, False, True, True, True, True, True, False, False, False]


def test_25_and_1000_mean_never(lake: Lake) -> None:
    found = column(lake, "is_error", *SEVERITIES, *STATUSES, error={"severity_at_least": 25, "status_at_least": 1000})
    assert found == [False] * 10


REQUESTS = with_attributes(
    {"http.response.status_code": 200},
    {"http.status_code": 200},
    {"rpc.grpc.status_code": 0},
    {"http.method": "GET"},
    {"http.response.status_code": None},
    {},
)


def test_a_request_has_the_status_of_an_answer(lake: Lake) -> None:
    assert column(lake, "is_request", *REQUESTS) == [True, True, True, False, False, False]


def test_a_sources_own_rule_says_what_a_request_is(lake: Lake) -> None:
    assert column(lake, "is_request", *REQUESTS, request={"attributes": ["http.method"]}) == [False] * 3 + [
        True,
        False,
        False,
    ]


def test_a_source_may_have_no_requests(lake: Lake) -> None:
    assert column(lake, "is_request", *REQUESTS, request={"attributes": []}) == [False] * 6


def _extracted() -> list[str]:
    text = (sql_folder() / "intake" / "events.sql").read_text()
    return sorted({part.rpartition('"')[2] for part in text.split('":"VARCHAR"')[:-1]})


def test_any_attribute_can_be_the_mark_of_a_request_also_one_that_is_read_anyway(lake: Lake) -> None:
    names = _extracted()
    assert {"duration_ms", "http.status_code", "sample_weight", "sensitivity"} < set(names)
    marks = [*names, "my/own@mark-1", "duration_ms"]
    found = rows_of(lake, *with_attributes(*({name: 7} for name in marks)), flat_line(), request={"attributes": marks})
    assert [event["is_request"] for event in found] == [True] * len(marks) + [False]
    assert found[names.index("duration_ms")]["duration_ns"] == 7_000_000
    assert found[names.index("sample_weight")]["sample_weight"] == 7


# Weights and sensitivity ----------------------------------------------------------------------------------------------


def test_a_sample_weight_is_an_integer_of_up_to_a_million_else_null_and_1_where_none_is_said(lake: Lake) -> None:
    weights = [1, 7, "7", 10**6, 10**6 + 1, 0, -1, "x", None, 10**30]
    found = column(
        lake, "sample_weight", *with_attributes(*({"sample_weight": weight} for weight in weights)), flat_line()
    )
    assert found == [1, 7, 7, 10**6, None, None, None, None, 1, None, 1]
    assert receipts(lake)[0].weights_out_of_range == 5


def test_the_longer_name_of_the_weight_counts_more(lake: Lake) -> None:
    assert column(lake, "sample_weight", *with_attributes({"log.sample_weight": 5, "sample_weight": 7})) == [5]


def test_sensitivity_is_the_records_label_else_what_redaction_found(lake: Lake) -> None:
    found = column(
        lake,
        "sensitivity",
        flat_line(),
        flat_line(body="mail to anna@example.com"),
        flat_line(attributes={"user": "anna@example.com"}),
        flat_line(attributes={"data.sensitivity": "secret", "sensitivity": "low"}, body="mail to anna@example.com"),
        flat_line(attributes={"sensitivity": "low"}),
    )
    assert found == ["none", "personal", "personal", "secret", "low"]


# Times ----------------------------------------------------------------------------------------------------------------


def test_a_time_is_kept_to_the_nanosecond(lake: Lake) -> None:
    (event,) = rows_of(lake, flat_line(timeUnixNano=str(HOUR.start_nano + 123_456_789)))
    assert event["time_unix_nano"] == HOUR.start_nano + 123_456_789
    assert event["event_time"] == stored_time(microseconds=123_456)
    assert not event["time_inferred"]


def test_a_record_without_a_time_has_that_of_the_one_before_it(lake: Lake) -> None:
    found = rows_of(
        lake, flat_line(minute=5), flat_line(timeUnixNano=None), flat_line(timeUnixNano=None), flat_line(minute=9)
    )
    assert [event["event_time"].minute for event in found] == [5, 5, 5, 9]
    assert [event["time_inferred"] for event in found] == [False, True, True, False]
    assert receipts(lake)[0].counts["time_inferred"] == 2


def test_the_first_record_without_a_time_has_the_arrival_hours_start(lake: Lake) -> None:
    found = rows_of(lake, flat_line(timeUnixNano=None), flat_line(minute=5))
    assert [(event["time_unix_nano"], event["time_inferred"]) for event in found] == [
        (HOUR.start_nano, True),
        (HOUR.start_nano + 300 * 10**9, False),
    ]


@pytest.mark.parametrize("time", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:01Z", "soon"])
def test_an_impossible_time_is_none(lake: Lake, time: str) -> None:
    found = rows_of(lake, flat_line(minute=5), flat_line(timeUnixNano=None, time=time))
    assert [(event["event_time"].minute, event["time_inferred"]) for event in found] == [(5, False), (5, True)]
    assert json.loads(found[1]["attributes"])["time"] == time


def test_a_time_of_the_past_counts_in_its_own_hour(lake: Lake) -> None:
    (event,) = rows_of(lake, flat_line(timeUnixNano=str(nano("2001-01-01T00:00:00"))))
    assert (event["hour"], event["time_inferred"]) == ("2001-01-01T00", False)


@pytest.mark.parametrize(
    ("time", "hour", "is_future"),
    [("2025-06-01T11:59:59", "2025-06-01T11", False), ("2025-06-01T12:00:00", "2025-06-01T10", True)],
    ids=["in_the_hour_after", "later"],
)
def test_a_time_after_the_next_hour_counts_on_arrival_and_stays_as_a_claim(
    lake: Lake, time: str, hour: str, is_future: bool
) -> None:
    attributes = {"kept": None, "n": 1.0, "big": 12345678901234567890123, "deep": {"none": None}}
    line = flat_line(timeUnixNano=str(nano(time)), attributes=attributes)
    _, event = rows_of(lake, flat_line(minute=5), line)
    assert (event["hour"], event["time_inferred"]) == (hour, is_future)
    claim = {"logsight.claimed_time_unix_nano": nano(time)} if is_future else {}
    assert json.loads(event["attributes"]) == attributes | claim
    if is_future:
        assert event["time_unix_nano"] == HOUR.start_nano, "not its neighbour's: it says itself that it was not then"
    assert receipts(lake)[0].counts["future_times"] == is_future


def test_a_record_without_a_time_does_not_take_its_neighbours_claim(lake: Lake) -> None:
    future = flat_line(timeUnixNano=str(nano("2030-01-01T00:00:00")))
    found = rows_of(lake, flat_line(minute=5), future, flat_line(timeUnixNano=None))
    assert [event["event_time"].minute for event in found] == [5, 0, 5]


def test_a_future_time_gives_an_event_without_attributes_its_first(lake: Lake) -> None:
    (event,) = rows_of(lake, flat_line(timeUnixNano=str(nano("2030-01-01T00:00:00")), attributes=None))
    assert json.loads(event["attributes"]) == {"logsight.claimed_time_unix_nano": nano("2030-01-01T00:00:00")}


def test_an_observed_time_is_the_records_else_the_arrival_hours_start(lake: Lake) -> None:
    observed = str(HOUR.start_nano + 61 * 10**9)
    found = column(
        lake,
        "observed_time",
        flat_line(minute=3, observedTimeUnixNano=observed),
        flat_line(minute=3),
        flat_line(minute=3, observedTimeUnixNano="7"),
    )
    assert found == [stored_time(seconds=61), stored_time(), stored_time()]


# Patterns and bodies --------------------------------------------------------------------------------------------------


def pattern_ids(lake: Lake, *bodies: str) -> list[int]:
    found = column(lake, "pattern_id", *(flat_line(body=body) for body in bodies))
    assert all(0 <= pattern < 2**63 for pattern in found)
    return found


def test_lines_of_one_kind_have_one_pattern(lake: Lake) -> None:
    found = pattern_ids(
        lake,
        "order 17 of 3 placed",
        "order 99999 of 0 placed",
        "request 0a1b2c3d4e done",
        "request 1748772000 done",
        "order 17 of 3 refused",
    )
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len(set(found)) == 3


def test_words_that_only_look_like_hex_are_words(lake: Lake) -> None:
    assert len(set(pattern_ids(lake, "face it", "beef it", "dead end", "fade in"))) == 4


def test_of_a_body_of_many_lines_the_first_names_its_kind(lake: Lake) -> None:
    found = pattern_ids(lake, "failed 1\n at a.py", "failed 2\n at b.py\n at c.py", "failed 3", "failed\n at a.py")
    assert found[0] == found[1] == found[2] != found[3]


def test_redaction_before_the_mask_makes_entities_one_kind(lake: Lake) -> None:
    found = rows_of(lake, flat_line(body="mail to anna@example.com"), flat_line(body="mail to bob@example.com"))
    assert found[0]["body"] != found[1]["body"]
    assert found[0]["pattern_id"] == found[1]["pattern_id"]


def test_very_long_bodies_differ_in_their_beginning_alone(lake: Lake) -> None:
    one, two = pattern_ids(lake, "x" * 3000 + "a", "x" * 3000 + "b")
    assert one == two


def test_bytes_are_the_utf8_length_of_the_stored_body(lake: Lake) -> None:
    found = rows_of(lake, *(flat_line(body=body) for body in ("", "abc", "äöü", "\U0001f600", "mail anna@example.com")))
    assert [event["body_bytes"] for event in found[:4]] == [0, 3, 6, 4]
    assert found[4]["body_bytes"] == len(found[4]["body"].encode()) != len("mail anna@example.com")


# Identity and place ---------------------------------------------------------------------------------------------------


def test_an_event_has_its_own_id_else_one_made_of_its_place(lake: Lake) -> None:
    own, *others = rows_of(lake, flat_line(event_id="e1"), flat_line(), flat_line())
    assert own["event_id"] == "e1"
    assert own["record_hash"] is not None
    assert all(event["record_hash"] is None and len(event["event_id"]) == 32 for event in others)
    assert others[0]["event_id"] != others[1]["event_id"]


def test_copies_have_one_hash_and_two_contents_have_two(lake: Lake) -> None:
    line = flat_line(event_id="e1")
    found = column(lake, "record_hash", line, line, b"  " + line + b" ", flat_line(event_id="e1", body="other"))
    assert found[0] == found[1] == found[2] != found[3]


def test_service_environment_and_host_come_from_the_resource(lake: Lake) -> None:
    found = rows_of(
        lake,
        flat_line(resource={"host.name": "web-1", "deployment.environment": "prod"}),
        flat_line(resource={"deployment.environment": "old", "deployment.environment.name": "new"}),
        flat_line(service="", resource={"deployment.environment": ""}),
    )
    assert [(event["service"], event["environment"], event["host"]) for event in found] == [
        ("checkout", "prod", "web-1"),
        ("checkout", "new", None),
        ("unknown_service", None, None),
    ]


def test_attributes_and_resource_are_always_objects(lake: Lake) -> None:
    (event,) = rows_of(lake, b'{"body":"alone","timeUnixNano":"%d"}' % HOUR.start_nano)
    assert (event["attributes"], event["resource"], event["tenant"]) == ("{}", "{}", "default")


def test_what_was_redacted_is_a_token_in_body_and_attributes_alike(lake: Lake) -> None:
    (event,) = rows_of(lake, flat_line(body="anna@example.com", attributes={"mail": "anna@example.com"}))
    assert json.loads(event["attributes"]) == {"mail": event["body"]}
    assert event["body"].startswith("<EMAIL:")
