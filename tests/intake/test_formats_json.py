"""JSON formats: which lines are records, what their fields become, what is refused and why."""

# ruff: noqa: E501  (log lines are as long as they are)
from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from logsight_assets.intake.formats import detect, flat_record, parse_object
from logsight_assets.intake.records import Ignored, Outcome, ParseContext, Record, Refused, numbered

CONTEXT = ParseContext(datetime(2025, 6, 1, 10, tzinfo=UTC))
INSTANT = 1748772000 * 1_000_000_000  # 2025-06-01T10:00:00Z
W3C = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def outcomes(text: str | bytes, name: str = "json", context: ParseContext = CONTEXT) -> list[Outcome]:
    raw = text.encode() if isinstance(text, str) else text
    lines = raw.split(b"\n")
    found = list(parse_object(numbered(lines), name, context))
    assert sum(outcome.line_count for outcome in found) == len(lines)
    return found


def records(text: str | bytes, name: str = "json", context: ParseContext = CONTEXT) -> list[dict[str, Any]]:
    return [outcome.fields for outcome in outcomes(text, name, context) if isinstance(outcome, Record)]


def reasons(text: str | bytes, name: str = "json") -> list[str]:
    return [outcome.reason for outcome in outcomes(text, name) if isinstance(outcome, Refused)]


# --- documents among lines


def test_one_document_a_line_also_with_crlf_and_blank_lines() -> None:
    found = outcomes('{"msg":"a"}\r\n\r\n  \n{"msg":"b"}')
    assert [type(outcome) for outcome in found] == [Record, Ignored, Ignored, Record]
    assert [outcome.raw for outcome in found if isinstance(outcome, Record)] == [b'{"msg":"a"}', b'{"msg":"b"}']


def test_documents_without_separator_have_their_own_index() -> None:
    found = outcomes('{"msg":"a"}{"msg":"ü"} {"msg":"c"}')
    assert [(o.line, o.line_count, o.index) for o in found] == [(1, 1, 0), (1, 0, 1), (1, 0, 2)]
    assert [o.raw for o in found if isinstance(o, Record)][1] == '{"msg":"ü"}'.encode()


def test_pretty_printed_documents_span_their_lines() -> None:
    found = outcomes('{\n "msg": "a"\n}\n{\n\n "msg": "b"\n}{\n "msg": "c"}')
    assert [(o.line, o.line_count) for o in found] == [(1, 3), (4, 4), (7, 1)]
    assert [o.fields["body"] for o in found if isinstance(o, Record)] == ["a", "b", "c"]


@pytest.mark.parametrize("text", ['[{"msg":"a"},{"msg":"b"}]', '[\n{"msg":"a"},\n{"msg":"b"}\n]'])
def test_the_objects_of_an_array_are_records(text: str) -> None:
    assert [fields["body"] for fields in records(text)] == ["a", "b"]


def test_batches_in_one_line_share_no_place() -> None:
    found = outcomes('[{"msg":"a"},{"msg":"b"}]{"msg":"c"}[{"msg":"d"}]')
    assert [o.index for o in found if isinstance(o, Record)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"time":"2025-06-01T10:00', "not_json"),
        ('"log":"x","stream":"stdout"}', "not_json"),
        ('{"a":1}}', "not_json"),
        ('{"a":1,}', "not_json"),
        ("{'a':1}", "not_json"),
        ('{"a":1', "not_json"),
        ("[1,2]", "not_an_object"),
        ('"text"', "not_an_object"),
        ('{"a":' * 200 + "1" + "}" * 200, "too_deep"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "too_deep"),
        ("[" * 100_000, "too_deep"),
    ],
    ids=lambda value: value[:24],
)
def test_damage_is_refused_and_its_neighbours_are_not(line: str, reason: str) -> None:
    text = '{"msg":"before"}\n' + line + '\n{"msg":"after"}'
    assert [fields["body"] for fields in records(text)] == ["before", "after"]
    assert reasons(text) == [reason]


def test_a_cut_document_before_a_pretty_printed_one_costs_only_itself() -> None:
    text = '{\n "msg": "a",\n{\n "msg": "b"\n}'
    assert reasons(text) == ["not_json"]
    assert [fields["body"] for fields in records(text)] == ["b"]


def test_a_document_cut_after_whole_ones_in_its_line_is_refused_alone() -> None:
    found = outcomes('{"msg":"a"}{"msg":"b')
    assert [type(o) for o in found] == [Record, Refused]
    assert found[1].raw == b'{"msg":"b'


@pytest.mark.parametrize("line", ["Killed", "123", "null", "started with {a} things", 'payload was {"a":1}'])
def test_text_among_json_lines_is_an_event(line: str) -> None:
    found = records('{"msg":"a"}\n' + line)
    assert [fields["body"] for fields in found] == ["a", line]


def test_hostile_numbers_and_strings_are_kept_as_text() -> None:
    fields = records('{"msg":"x","a":NaN,"b":-Infinity,"c":1e999,"d":123456789012345678901234,"e":"\\ud800"}')[0]
    assert fields["attributes"] == {
        "a": "NaN", "b": "-Infinity", "c": "1e999", "d": "123456789012345678901234", "e": "\ufffd",
    }  # fmt: skip


def test_invalid_utf8_becomes_the_replacement_character() -> None:
    assert records(b'{"msg":"caf\xe9"}')[0]["body"] == "caf\ufffd"


def test_the_last_of_duplicate_keys_wins_in_both_readers() -> None:
    assert records('{"msg":"a","msg":"b"}')[0]["body"] == "b"
    assert records('{"msg":"a","msg":"b","x":NaN}')[0]["body"] == "b"


# --- names


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            {"time": "2025-06-01T10:00:00Z", "level": "INFO", "msg": "m", "x": 1},
            {"timeUnixNano": INSTANT, "severityText": "INFO", "severityNumber": 9, "body": "m", "attributes": {"x": 1}},
        ),
        (  # pino
            {"level": 50, "time": 1748772000000, "pid": 1, "hostname": "h", "name": "svc", "msg": "m"},
            {
                "timeUnixNano": INSTANT, "severityNumber": 17, "body": "m", "attributes": {"level": 50, "pid": 1},
                "resource": {"host.name": "h", "service.name": "svc"},
            },
        ),
        (  # ECS, nested and dotted
            {"@timestamp": "2025-06-01T10:00:00Z", "log.level": "error", "message": "m", "log": {"logger": "l"},
             "service": {"name": "s"}, "trace": {"id": W3C}, "span": {"id": SPAN}, "host": {"name": "h"}},
            {
                "timeUnixNano": INSTANT, "severityText": "error", "severityNumber": 17, "body": "m", "traceId": W3C,
                "spanId": SPAN, "attributes": {"log": {"logger": "l"}},
                "resource": {"service.name": "s", "host.name": "h"},
            },
        ),
        (  # MongoDB
            {"t": {"$date": "2025-06-01T10:00:00.000+00:00"}, "s": "W", "c": "NETWORK", "msg": "m"},
            {"timeUnixNano": INSTANT, "severityText": "W", "severityNumber": 13, "body": "m",
             "attributes": {"c": "NETWORK"}},
        ),
        (  # Serilog
            {"@t": "2025-06-01T10:00:00Z", "@mt": "Hi {User}", "@l": "Warning", "User": "u", "@tr": W3C, "@sp": SPAN},
            {"timeUnixNano": INSTANT, "severityText": "Warning", "severityNumber": 13, "body": "Hi {User}",
             "traceId": W3C, "spanId": SPAN, "attributes": {"User": "u"}},
        ),
        (  # log4j2
            {"instant": {"epochSecond": 1748772000, "nanoOfSecond": 1}, "level": "WARN", "message": "m"},
            {"timeUnixNano": INSTANT + 1, "severityText": "WARN", "severityNumber": 13, "body": "m"},
        ),
        (  # Google Cloud
            {"timestamp": "2025-06-01T10:00:00Z", "severity": "NOTICE", "jsonPayload": {"message": "m", "x": 1},
             "trace": f"projects/p/traces/{W3C}"},
            {"timeUnixNano": INSTANT, "severityText": "NOTICE", "severityNumber": 10, "body": "m", "traceId": W3C,
             "attributes": {"jsonPayload": {"x": 1}}},
        ),
        (  # Datadog
            {"timestamp": 1748772000000, "status": "error", "message": "m", "dd": {"trace_id": "1", "span_id": "2"}},
            {"timeUnixNano": INSTANT, "severityText": "error", "severityNumber": 17, "body": "m",
             "traceId": "1".rjust(32, "0"), "spanId": "2".rjust(16, "0")},
        ),
        (  # a status code is no level
            {"status": 200, "message": "m"},
            {"body": "m", "attributes": {"status": 200}},
        ),
        (  # logstash with fields in an object
            {"ts": "2025-06-01T10:00:00Z", "@fields": {"lvl": "TRACE", "msg": "m", "x": 1}},
            {"timeUnixNano": INSTANT, "severityText": "TRACE", "severityNumber": 1, "body": "m",
             "attributes": {"@fields": {"x": 1}}},
        ),
        (  # Windows numbers its events: no id of a record
            {"event_id": 4624, "message": "m"},
            {"body": "m", "attributes": {"event_id": 4624}},
        ),
        (  # nothing that says a message
            {"a": 1, "b": [1]},
            {"body": '{"a":1,"b":[1]}', "attributes": {"a": 1, "b": [1]}},
        ),
    ],
    ids=["plain", "pino", "ecs", "mongodb", "serilog", "log4j2", "google", "datadog", "status-code", "logstash",
         "event-id", "no-message"],
)  # fmt: skip
def test_loggers_names_are_known(obj: dict[str, Any], expected: dict[str, Any]) -> None:
    assert flat_record(obj, CONTEXT) == expected


def test_the_flat_format_keeps_all_its_parts() -> None:
    obj = {
        "timeUnixNano": str(INSTANT), "observedTimeUnixNano": INSTANT + 1, "severityNumber": 17, "severityText": "ERROR",
        "body": {"a": 1}, "attributes": {"x": 1}, "resource": {"service.name": "s", "tenant.id": "t"},
        "traceId": W3C.upper(), "spanId": SPAN, "event_id": "e-1",
    }  # fmt: skip
    assert flat_record(obj, CONTEXT) == {
        "timeUnixNano": INSTANT, "observedTimeUnixNano": INSTANT + 1, "severityNumber": 17, "severityText": "ERROR",
        "body": '{"a":1}', "attributes": {"x": 1}, "resource": {"service.name": "s", "tenant.id": "t"},
        "traceId": W3C, "spanId": SPAN, "event_id": "e-1",
    }  # fmt: skip


def test_a_value_that_its_role_cannot_take_stays_an_attribute() -> None:
    obj = {
        "time": "yesterday", "timestamp": "2025-06-01T10:00:00Z", "traceId": "bad", "spanId": 7, "attributes": [1],
        "resource": "r", "severityNumber": 99, "service": {"weird": True}, "body": "b",
    }  # fmt: skip
    fields = flat_record(obj, CONTEXT)
    assert fields["timeUnixNano"] == INSTANT
    assert fields["attributes"] == {
        "time": "yesterday", "traceId": "bad", "spanId": 7, "attributes": [1], "resource": "r", "severityNumber": 99,
        "service": {"weird": True},
    }  # fmt: skip


def test_an_attribute_that_collides_is_kept_beside_the_other() -> None:
    fields = flat_record({"severityNumber": 9, "body": "b", "x": 1, "attributes": {"x": 2}}, CONTEXT)
    assert fields["attributes"] == {"x": 1, "_x": 2}


def test_a_records_uid_is_its_own_id_in_any_json() -> None:
    assert flat_record({"msg": "m", "log.record.uid": "u"}, CONTEXT)["event_id"] == "u"


def test_a_traceparent_gives_both_ids_and_is_kept() -> None:
    header = f"00-{W3C}-{SPAN}-01"
    fields = flat_record({"msg": "m", "traceparent": header}, CONTEXT)
    assert (fields["traceId"], fields["spanId"], fields["attributes"]) == (W3C, SPAN, {"traceparent": header})


def test_a_field_map_names_the_records_keys() -> None:
    names = {"time": "when", "severityText": "x.sev", "body": "x.text", "event_id": "id", "service.name": "who",
             "attributes.zone": "z"}  # fmt: skip
    context = replace(CONTEXT, field_map=names)
    obj = {"when": 1748772000, "x": {"sev": "warn", "text": "m", "k": 1}, "id": 7, "who": "s", "z": "a", "msg": "other"}
    assert flat_record(obj, context) == {
        "timeUnixNano": INSTANT, "severityText": "warn", "severityNumber": 13, "body": "m", "event_id": "7",
        "attributes": {"zone": "a", "x": {"k": 1}, "msg": "other"}, "resource": {"service.name": "s"},
    }  # fmt: skip


# --- OTLP


def otlp(*log_records: Any, snake: bool = False) -> str:
    names = ("resource_logs", "scope_logs", "log_records") if snake else ("resourceLogs", "scopeLogs", "logRecords")
    string = "string_value" if snake else "stringValue"
    resource = {"attributes": [{"key": "service.name", "value": {string: "s"}}]}
    scope = {"scope": {"name": "lib", "version": "1"}, names[2]: list(log_records)}
    return json.dumps({names[0]: [{"resource": resource, names[1]: [scope]}]})


def test_otlp_values_of_every_kind() -> None:
    values = {
        "text": {"stringValue": "a"}, "number": {"intValue": "9223372036854775807"}, "small": {"intValue": 1},
        "real": {"doubleValue": 1.5}, "flag": {"boolValue": True}, "bytes": {"bytesValue": "AA=="}, "none": {},
        "list": {"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "b"}]}},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": {"intValue": 2}}]}},
    }  # fmt: skip
    record = {
        "timeUnixNano": str(INSTANT), "severityNumber": "SEVERITY_NUMBER_ERROR", "body": values["map"],
        "attributes": [{"key": key, "value": value} for key, value in values.items()],
        "traceId": W3C.upper(), "spanId": "d2UbvVzgzpk=", "flags": 1,
    }  # fmt: skip
    fields = records(otlp(record), "otlp")[0]
    assert fields == {
        "timeUnixNano": INSTANT, "severityNumber": 17, "body": '{"k":2}', "traceId": W3C, "spanId": "77651bbd5ce0ce99",
        "attributes": {
            "text": "a", "number": 9223372036854775807, "small": 1, "real": 1.5, "flag": True, "bytes": "AA==",
            "none": None, "list": [1, "b"], "map": {"k": 2}, "otel.scope.name": "lib", "otel.scope.version": "1",
            "flags": 1,
        },
        "resource": {"service.name": "s"},
    }  # fmt: skip


def test_otlp_in_snake_case_pretty_printed() -> None:
    record = {"time_unix_nano": str(INSTANT), "severity_text": "WARN", "body": {"string_value": "m"}}
    fields = records(json.dumps(json.loads(otlp(record, snake=True)), indent=2), "otlp")[0]
    assert (fields["timeUnixNano"], fields["severityNumber"], fields["body"]) == (INSTANT, 13, "m")


def test_a_malformed_otlp_record_is_refused_alone() -> None:
    good = {"body": {"stringValue": "m"}}
    found = outcomes(otlp(good, 1, {"body": []}, {"timeUnixNano": {}}, good), "otlp")
    assert [type(o) for o in found] == [Record, Refused, Refused, Refused, Record]
    assert [o.line_count for o in found] == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("text", ["{}", '{"resourceLogs":"x"}', '{"resourceLogs":["x"]}', '{"resourceLogs":[{}]}'])
def test_an_otlp_request_of_wrong_structure_is_refused_whole(text: str) -> None:
    assert reasons(text, "otlp") == ["wrong_structure"]


def test_a_bad_id_costs_the_id_only() -> None:
    fields = records(otlp({"traceId": "xyz", "body": {"stringValue": "m"}}), "otlp")[0]
    assert "traceId" not in fields
    assert fields["attributes"]["traceId"] == "xyz"


# --- AWS


def subscription(*messages: str) -> dict[str, Any]:
    events = [
        {"id": f"i{at}", "timestamp": 1748772000000 + at, "message": message} for at, message in enumerate(messages)
    ]
    return {"messageType": "DATA_MESSAGE", "owner": "123", "logGroup": "g", "logStream": "st", "logEvents": events}


def test_a_subscription_carries_ids_group_and_stream() -> None:
    fields = records(json.dumps(subscription("hello\n")), "cloudwatch")[0]
    assert fields["event_id"] == "i0"
    assert fields["timeUnixNano"] == INSTANT
    assert fields["body"] == "hello"
    assert fields["attributes"] == {"aws.log.group.name": "g", "aws.log.stream.name": "st"}
    assert fields["resource"] == {"cloud.account.id": "123"}


def test_subscriptions_follow_one_another_in_any_layout() -> None:
    one, two = subscription("a"), subscription("b", "c")
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "message": "check"}]}
    for text in (
        json.dumps(control) + json.dumps(one) + json.dumps(two),
        "\n".join(json.dumps(document) for document in (one, control, two)),
        "".join(json.dumps(document, indent=2) for document in (one, two)),
    ):
        assert detect(text.encode().split(b"\n")) == "cloudwatch"
        assert [fields["body"] for fields in records(text, "cloudwatch")] == ["a", "b", "c"]


def test_a_control_message_is_ignored_by_rule() -> None:
    found = outcomes('{"messageType":"CONTROL_MESSAGE","logEvents":[]}', "cloudwatch")
    assert found == [Ignored(1, 1, "control")]


def test_a_lambda_event_is_unpacked_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    def event(content: bytes) -> str:
        return json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(content)).decode()}})

    text = event(json.dumps(subscription("a", "b")).encode())
    assert [fields["body"] for fields in records(text, "cloudwatch")] == ["a", "b"]
    monkeypatch.setattr("logsight_assets.intake.formats.cloudwatch.MAX_UNPACKED_BYTES", 1000)
    assert reasons(event(b" " * 100_000), "cloudwatch") == ["wrong_structure"]
    assert reasons('{"awslogs":{"data":"%%%"}}', "cloudwatch") == ["wrong_structure"]


@pytest.mark.parametrize(
    ("message", "level", "body"),
    [
        ("2025-06-01T10:00:00.001Z\tf08bb4c8-d6b2-4f05-ac17-af7e2ba005fb\tERROR\tboom", 17, "boom"),
        ("[WARNING]\t2025-06-01T10:00:00.001Z\tf08bb4c8-d6b2-4f05-ac17-af7e2ba005fb\tslow", 13, "slow"),
        ('{"level":"error","message":"m","x":1}', 17, "m"),
        ("plain ERROR text", 17, "plain ERROR text"),
    ],
    ids=["node", "python", "json", "text"],
)
def test_lambda_messages_give_their_level(message: str, level: int, body: str) -> None:
    fields = records(json.dumps(subscription(message)), "cloudwatch")[0]
    assert (fields["severityNumber"], fields["body"]) == (level, body)


def test_a_lambda_report_gives_duration_and_trace() -> None:
    report = (
        "REPORT RequestId: f08bb4c8-d6b2-4f05-ac17-af7e2ba005fb\tDuration: 619.31 ms\tBilled Duration: 700 ms\t"
        "\nXRAY TraceId: 1-5e61292c-cc1229a4dfbeae1043928548\tSegmentId: 07a85e713f6302b2\tSampled: true"
    )
    fields = records(json.dumps(subscription(report)), "cloudwatch")[0]
    assert fields["attributes"]["duration_ms"] == 619.31
    assert (fields["traceId"], fields["spanId"]) == ("5e61292ccc1229a4dfbeae1043928548", "07a85e713f6302b2")


def test_cloudtrail_in_both_deliveries() -> None:
    event = {
        "eventVersion": "1.08", "eventTime": "2025-06-01T10:00:00Z", "eventSource": "iam.amazonaws.com",
        "eventName": "GetUser", "eventID": "id-1", "userIdentity": {"type": "IAMUser"}, "errorCode": "AccessDenied",
    }  # fmt: skip
    for text in (json.dumps({"Records": [event, event]}), json.dumps(event) + "\n" + json.dumps(event)):
        assert detect(text.encode().split(b"\n")) == "cloudtrail"
        fields = records(text, "cloudtrail")
        assert len(fields) == 2
        assert fields[0]["event_id"] == "id-1"
        assert fields[0]["body"] == "iam.amazonaws.com GetUser AccessDenied"
        assert fields[0]["severityNumber"] == 13
        assert fields[0]["resource"] == {"service.name": "iam.amazonaws.com"}
        assert fields[0]["attributes"]["userIdentity"] == {"type": "IAMUser"}


# --- journald and docker


def test_a_journal_entry_in_json() -> None:
    entry = {"__REALTIME_TIMESTAMP": "1748772000000001", "PRIORITY": "3", "_HOSTNAME": "h", "SYSLOG_IDENTIFIER": "sshd",
             "_PID": "7", "MESSAGE": [104, 105, 255]}  # fmt: skip
    fields = records(json.dumps(entry), "journald")[0]
    assert fields["timeUnixNano"] == INSTANT + 1000
    assert fields["body"] == "hi\ufffd"
    assert fields["severityNumber"] == 17
    assert fields["resource"] == {"host.name": "h", "service.name": "sshd"}
    assert fields["attributes"]["process.pid"] == 7


def test_a_journal_export_with_a_binary_field() -> None:
    text = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1748772000000000\nMESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nPRIORITY=4\n\n__CURSOR=s=2\nMESSAGE=c"
    assert detect(text.split(b"\n")) == "journald"
    fields = records(text, "journald")
    assert [f["body"] for f in fields] == ["a\nb", "c"]
    assert fields[0]["severityNumber"] == 13


def docker(log: str, stream: str = "stdout", second: int = 0) -> str:
    return json.dumps({"log": log, "stream": stream, "time": f"2025-06-01T10:00:{second:02d}Z"})


def test_docker_lines_that_the_daemon_cut_are_joined_in_their_stream() -> None:
    text = "\n".join([docker("one\n"), docker("a "), docker("err\n", "stderr"), docker("b\n", second=1)])
    found = outcomes(text, "docker")
    bodies = {o.fields["body"]: (o.line, o.line_count) for o in found if isinstance(o, Record)}
    assert bodies == {"one": (1, 1), "err": (3, 1), "a b": (2, 2)}


def test_docker_lines_without_any_line_feed_are_lines() -> None:
    assert [f["body"] for f in records("\n".join([docker("a"), docker("b")]), "docker")] == ["a", "b"]


def test_a_docker_payload_in_json_keeps_both_times() -> None:
    inner = json.dumps({"time": "2025-06-01T09:00:00Z", "level": "warn", "msg": "m"})
    fields = records(docker(inner + "\n"), "docker")[0]
    assert fields["timeUnixNano"] == INSTANT - 3600 * 1_000_000_000
    assert fields["observedTimeUnixNano"] == INSTANT
    assert (fields["severityNumber"], fields["body"]) == (13, "m")
