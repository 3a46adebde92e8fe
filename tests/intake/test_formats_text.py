"""Text formats: what is recognised, how lines group to records, what becomes time, severity, body and attributes."""

# ruff: noqa: E501, ISC004  (log lines are as long as they are, and a sample is one text)
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from logsight_assets.errors import ConfigurationError
from logsight_assets.intake.formats import detect, parse_object
from logsight_assets.intake.formats.multiline import MAX_RECORD_LINES
from logsight_assets.intake.records import Ignored, Outcome, ParseContext, Record, Refused, numbered

CONTEXT = ParseContext(datetime(2025, 6, 1, 10, tzinfo=UTC))
INSTANT = 1748772000 * 1_000_000_000  # 2025-06-01T10:00:00Z


def outcomes(text: str | bytes, name: str | None = None, context: ParseContext = CONTEXT) -> list[Outcome]:
    lines = (text.encode() if isinstance(text, str) else text).split(b"\n")
    found = list(parse_object(numbered(lines), name or detect(lines), context))
    assert sum(outcome.line_count for outcome in found) == len(lines)
    return found


def records(text: str | bytes, name: str | None = None, context: ParseContext = CONTEXT) -> list[dict[str, Any]]:
    return [outcome.fields for outcome in outcomes(text, name, context) if isinstance(outcome, Record)]


SAMPLES: list[tuple[str, str, str, int]] = [  # id, format, lines, records
    ("apache-common", "access", '1.2.3.4 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326', 1),
    ("apache-vhost", "access", 'a.b:443 1.2.3.4 - - [10/Oct/2020:13:55:36 -0700] "GET / HTTP/1.1" 200 1 "-" "c"', 1),
    ("access-with-a-bad-line", "access", '1.1.1.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 200 2\noops\n'
     '1.1.1.1 - - [10/Oct/2000:13:55:37 +0000] "" 400 0', 3),
    ("nginx-error", "timestamped", "2025/06/01 10:00:00 [error] 1#2: *9 open() failed, client: 1.2.3.4", 1),
    ("apache-error", "timestamped", "[Wed Oct 11 14:32:52.123456 2023] [core:error] [pid 1:tid 2] [client 1.2.3.4:5] x", 1),
    ("spring", "timestamped", "2025-06-01T10:00:00.123Z  INFO 1 --- [main] c.e.Demo : Starting\n\n"
     "2025-06-01T10:00:01.123Z ERROR 1 --- [main] c.e.Demo : boom\njava.lang.X: y\n\tat a.b(C.java:1)\n"
     "Caused by: z\n\t... 4 common frames omitted", 2),
    ("logback", "timestamped", "10:00:00.123 [main] DEBUG a.b.C - hello\n10:00:01.123 [main] INFO  a.b.C - hello", 2),
    ("java-util-logging", "timestamped", "Jun 01, 2025 10:00:00 AM a.B c\nSEVERE: bad\nJun 01, 2025 10:00:01 AM a.B c\nINFO: ok", 2),
    ("python-traceback", "timestamped", "2025-06-01 10:00:00,123 - x - ERROR - bad\nTraceback (most recent call last):\n"
     '  File "a.py", line 1, in f\n    g()\nValueError: v\n2025-06-01 10:00:01,123 - x - INFO - fine', 2),
    ("python-default", "text", "INFO:root:hello\nERROR:my.mod:boom\nWARNING:root:x", 3),
    ("laravel", "timestamped", '[2025-06-01 10:00:00] local.ERROR: x {"e":"[object]\n[stacktrace]\n#0 /a.php(1): f()\n#1 {main}\n"} \n'
     "[2025-06-01 10:00:01] local.INFO: y", 2),
    ("zap-console", "timestamped", '2025-06-01T10:00:00.1Z\terror\tq/s.go:1\tDropping.\t{"n": 60}\na.b/c.d.func3\n     a.b/c.go:128', 1),
    ("postgres", "timestamped", "2025-06-01 10:00:00.123 UTC [1] LOG:  ready\n\n2025-06-01 10:00:01.123 UTC [1] u@d ERROR:  bad", 2),
    ("mysql-error", "timestamped", "2025-06-01T10:00:00.123456Z 0 [Warning] [MY-010068] [Server] CA is self signed.", 1),
    ("redis", "timestamped", "1:M 01 Jun 2025 10:00:00.123 * Ready\n1:C 01 Jun 2025 10:00:00.123 # No config", 2),
    ("kafka", "timestamped", "[2025-06-01 10:00:00,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)", 1),
    ("elasticsearch", "timestamped", "[2025-06-01T10:00:00,123][INFO ][o.e.n.Node  ] [node-1] initialized", 1),
    ("rails", "timestamped", 'I, [2025-06-01T10:00:00.123456 #12]  INFO -- : Started GET "/"', 1),
    ("gunicorn", "timestamped", "[2025-06-01 10:00:00 +0000] [12] [INFO] Starting gunicorn", 1),
    ("epoch", "timestamped", "1748772000123 Hello\n1748772000456 Goodbye", 2),
    ("android", "timestamped", "06-01 10:00:00.123  1702  2395 D WindowManager: x", 1),
    ("hdfs", "timestamped", "250601 100000 148 INFO dfs.DataNode$PacketResponder: done", 1),
    ("cassandra", "timestamped", "INFO  [main] 2025-06-01 10:00:00,123 Daemon.java:12 - Hostname: x", 1),
    ("klog", "klog", "I0601 10:00:00.123456 1 a.go:12] x\nF0601 10:00:01.123456 1 m.go:1] y\ngoroutine 1 [running]:\nmain.main()", 2),
    ("glog-with-header", "klog", "Log file created at: 2025/06/01 10:00:00\nE20250601 10:00:00.1 1 a.cc:1] x", 1),
    ("rfc3164", "syslog", "<34>Jun  1 10:00:00 host su: failed\n<13>Jun  1 10:00:00 10.0.0.99 Use the BFG!", 2),
    ("rfc3164-without-pri", "syslog", "Jun  1 10:00:00 host sshd[1]: a\n\tb\n\tc\nJun  1 10:00:01 host sshd[1]: d", 2),
    ("rfc5424", "syslog", '<34>1 2025-06-01T10:00:00Z host su - ID47 - failed\n<165>1 - - - - - [a@1 b="c"] x', 2),
    ("octet-counted", "syslog", "66 <34>1 2025-06-01T10:00:00Z host su - ID47 - failed", 1),
    ("rsyslog-iso", "syslog", "2025-06-01T12:00:00.123456+02:00 host sshd[12]: Failed password", 1),
    ("cisco", "syslog", "<189>123: Jun  1 10:00:00.123: %SYS-5-CONFIG_I: Configured", 1),
    ("syslog-in-colours", "syslog", "\x1b[32mJun  1 \x1b[0m10:00:00 host app[1]: x", 1),
    ("cri", "cri", "2025-06-01T10:00:00.1Z stdout P one \n2025-06-01T10:00:00.15Z stderr F other\n"
     "2025-06-01T10:00:00.2Z stdout F two\n2025-06-01T10:00:00.3Z stderr F a.b.XException: c\n"
     "2025-06-01T10:00:00.4Z stderr F \tat a.b(C.java:1)", 3),
    ("compose", "compose", 'web_1  | {"level":"info","msg":"x"}\ndb-1   | 2025-06-01 10:00:00.123 UTC [1] LOG:  ready', 2),
    ("logfmt", "logfmt", 'time="2025-06-01T10:00:00Z" level=error msg="a \\"b\\"" reason= x=1\nlevel=info ts=1748772000 msg=y', 2),
    ("alb", "alb", 'h2 2025-06-01T10:00:00.1Z app/x/1 1.2.3.4:5 10.0.0.1:80 0.001 0.002 0.003 200 200 34 366 "GET https://a:443/p?q HTTP/2.0"'
     ' "ua" C TLSv1.2 arn "Root=1-58337327-72bd00b0343d75b906739c42" "d" "c" 1 2025-06-01T10:00:00.0Z "forward" "-" "-" "-" "-" "-" "-"', 1),
    ("classic-elb", "alb", '2025-06-01T10:00:00.1Z lb 1.2.3.4:5 10.0.0.1:80 0.1 0.2 0.3 200 200 0 29 "GET http://a:80/ HTTP/1.1" "ua" - -', 1),
    ("nlb-tls", "alb", "tls 2.0 2025-06-01T10:00:00 net/lb/1 l 1.2.3.4:5 10.0.0.1:443 5 2 98 246 - arn - C tlsv12 - d - - - 2025-06-01T10:00:00", 1),
    ("s3-access", "s3_access", "a" * 64 + " bucket [01/Jun/2025:10:00:00 +0000] 1.2.3.4 - R REST.GET.OBJECT k "
     '"GET /k HTTP/1.1" 404 NoSuchKey 113 - 7 6 "-" "ua" - h SigV4 C AuthHeader host TLSV1.2', 1),
    ("vpc-flow", "vpc_flow", "version account-id interface-id srcaddr dstaddr\n2 123456789010 eni-1 1.1.1.1 2.2.2.2", 1),
    ("vpc-flow-without-header", "vpc_flow", "2 123456789010 eni-1 - - - - - - - 1748772000 1748772060 - NODATA", 1),
    ("haproxy", "haproxy", '1.2.3.4:5 [01/Jun/2025:10:00:00.143] in~ bk/srv 0/0/7/1457/1487 200 11394 - - ---- 2/1/0/0/0 0/0 {a} {} "GET /x HTTP/1.1"', 1),
    ("iis", "w3c", "#Software: IIS\n#Fields: date time cs-method cs-uri-stem sc-status time-taken\n2025-06-01 10:00:00 GET /a 500 15", 1),
    ("iis-cut-off", "w3c", "2025-06-01 10:00:00 10.0.0.1 GET /d.htm - 80 - 10.0.0.2 Mozilla - 500 0 0 15", 1),
    ("cloudfront", "w3c", "#Version: 1.0\n#Fields: date time cs-method cs-uri-stem sc-status time-taken\n2025-06-01\t10:00:00\tGET\t/a\t200\t0.001", 1),
    ("mysql-slow", "mysql_slow", "# Time: 2025-06-01T10:00:00.0Z\n# User@Host: u[u] @ h []  Id: 2\n# Query_time: 0.5  Lock_time: 0.1\n"
     "SET timestamp=1748772000;\nSELECT 1;\n# User@Host: u[u] @ h []  Id: 2\n# Query_time: 0.1  Lock_time: 0.1\nSELECT 2;", 2),
    ("dotnet-console", "text", "info: A.B[14]\n      Now listening\nfail: C.D[0]\n      Failed", 2),
    ("plain", "text", "Hello\n  indented\nbye", 3),
    ("plain-with-trace", "text", "boom\nException in thread main java.lang.X\n\tat a.b(C.java:1)\n\tat a.b(C.java:2)\nbye", 3),
    ("crlf", "timestamped", "2025-06-01 10:00:00,672:DEBUG:foo\r\n2025-06-01 10:00:01,344:WARN:bar\r", 2),
    ("nothing", "text", "", 0),
    ("blank", "text", "\n\r\n  ", 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "count"), [row[1:] for row in SAMPLES], ids=[row[0] for row in SAMPLES])
def test_a_sample_is_detected_and_grouped_to_records(name: str, text: str, count: int) -> None:
    assert detect(text.encode().split(b"\n")) == name
    assert len(records(text)) == count
    assert not [outcome for outcome in outcomes(text) if isinstance(outcome, Refused)]


BY_ID = {row[0]: row[2] for row in SAMPLES}


@pytest.mark.parametrize(
    ("sample", "severity", "body", "attributes"),
    [
        (
            "nginx-error",
            17,
            "open() failed, client: 1.2.3.4",
            {"process.pid": 1, "thread.id": 2, "nginx.connection": 9},
        ),
        ("apache-error", 17, "x", {"log.logger": "core", "process.pid": 1, "client.address": "1.2.3.4:5"}),
        ("spring", 9, "Starting", {"process.pid": 1, "thread.name": "main", "log.logger": "c.e.Demo"}),
        ("logback", 5, "hello", {"thread.name": "main", "log.logger": "a.b.C"}),
        ("java-util-logging", 17, "a.B c\nSEVERE: bad", {}),
        ("zap-console", 17, "Dropping.\na.b/c.d.func3\n     a.b/c.go:128", {"log.logger": "q/s.go:1", "n": 60}),
        ("postgres", 9, "ready", {"process.pid": 1}),
        ("mysql-error", 13, "CA is self signed.", {"mysql.error_code": "MY-010068"}),
        ("redis", 10, "Ready", {"process.pid": 1, "redis.role": "M"}),
        ("rails", 9, 'Started GET "/"', {"process.pid": 12}),
        ("gunicorn", 9, "Starting gunicorn", {"process.pid": 12}),
        ("android", 5, "WindowManager: x", {"process.pid": 1702, "thread.id": 2395}),
        ("hdfs", 9, "done", {"log.logger": "dfs.DataNode$PacketResponder"}),
        ("cassandra", 9, "Hostname: x", {"thread.name": "main"}),
        ("klog", 9, "x", {"thread.id": 1, "code.file.path": "a.go", "code.line.number": 12}),
        ("rfc3164", 18, "failed", {"syslog.facility": 4, "syslog.severity": 2}),
        ("octet-counted", 18, "failed", {"syslog.msgid": "ID47"}),
        ("rsyslog-iso", None, "Failed password", {"process.pid": 12}),
        ("logfmt", 17, 'a "b"', {"reason": "", "x": "1"}),
        ("alb", 9, None, {"duration_ms": 6.0, "client.port": 5, "url.path": "/p", "http.request.size": 34}),
        ("classic-elb", 9, None, {"duration_ms": 600.0, "aws.elb.target.address": "10.0.0.1"}),
        ("nlb-tls", 9, None, {"duration_ms": 5, "server.address": "10.0.0.1", "network.io.receive": 98}),
        ("s3-access", 13, None, {"duration_ms": 7, "aws.s3.bucket": "bucket", "http.response.status_code": 404}),
        ("haproxy", 9, None, {"duration_ms": 1487, "haproxy.backend": "bk", "url.path": "/x"}),
        ("iis", 17, None, {"duration_ms": 15, "url.path": "/a", "http.request.method": "GET"}),
        ("cloudfront", 9, None, {"duration_ms": 1.0}),
        ("mysql-slow", None, "SELECT 1;", {"duration_ms": 500.0, "db.user": "u", "thread.id": "2"}),
        ("vpc-flow", None, None, {"source.address": "1.1.1.1", "destination.address": "2.2.2.2"}),
    ],
)
def test_the_first_record_of_a_sample(
    sample: str, severity: int | None, body: str | None, attributes: dict[str, Any]
) -> None:
    fields = records(BY_ID[sample])[0]
    assert fields.get("severityNumber") == severity
    last_line = BY_ID[sample].split("\n")[-1]
    assert fields["body"] == (last_line if body is None else body)
    held = fields.get("attributes", {})
    assert {name: held.get(name) for name in attributes} == attributes


@pytest.mark.parametrize(
    "sample",
    ["nginx-error", "rails", "gunicorn", "redis", "kafka", "elasticsearch", "android", "hdfs", "rfc3164", "rfc5424",
     "rsyslog-iso", "cisco", "cri", "logfmt", "alb", "classic-elb", "nlb-tls", "s3-access", "vpc-flow-without-header",
     "haproxy", "iis", "cloudfront", "mysql-slow", "postgres", "spring", "epoch", "klog", "glog-with-header"],
)  # fmt: skip
def test_the_first_record_has_its_time(sample: str) -> None:
    assert abs(records(BY_ID[sample])[0]["timeUnixNano"] - INSTANT) < 1_000_000_000


def test_an_access_line_in_conventional_names() -> None:
    line = (
        '10.0.0.1 - alice [01/Jun/2025:12:00:00 +0200] "POST /a/b?c=d HTTP/1.1" 503 12 "https://ref/" "curl \\"x\\"" '
        "462 0.050 [up-9000] [] 10.0.50.80:9000 19437 0.049 503 752178adb17130b291aefd8c386279e7"
    )
    fields = records(line)[0]
    assert fields["timeUnixNano"] == INSTANT
    assert fields["severityNumber"] == 17
    assert fields["body"] == line
    held = fields["attributes"]
    assert held.pop("access.extra").startswith("462 0.050")
    assert held == {
        "client.address": "10.0.0.1", "user.name": "alice", "http.request.method": "POST", "url.path": "/a/b",
        "url.query": "c=d", "network.protocol.version": "1.1", "http.response.status_code": 503,
        "http.response.body.size": 12, "http.request.header.referer": "https://ref/",
        "user_agent.original": 'curl \\"x\\"', "http.request.size": 462, "nginx.upstream.name": "up-9000",
        "nginx.upstream.address": "10.0.50.80:9000", "http.request.id": "752178adb17130b291aefd8c386279e7",
        "duration_ms": 50.0,
    }  # fmt: skip


def test_syslog_parts_go_to_resource_and_attributes() -> None:
    fields = records('<165>1 2025-06-01T10:00:00.5Z host app 12 ID47 [x@1 k="a\\"b" l="\\]"][y] \ufeffmessage')[0]
    assert fields == {
        "timeUnixNano": INSTANT + 500_000_000, "severityNumber": 10, "body": "message",
        "resource": {"host.name": "host", "service.name": "app"},
        "attributes": {
            "process.pid": 12, "syslog.facility": 20, "syslog.severity": 5, "syslog.msgid": "ID47",
            "syslog.structured_data": {"x@1": {"k": 'a"b', "l": "]"}, "y": {}},
        },
    }  # fmt: skip


def test_a_syslog_message_in_json_is_read() -> None:
    fields = records('<14>1 2025-06-01T10:00:00Z host app 1 - - {"level":"error","msg":"z","x":1}')[0]
    assert (fields["body"], fields["severityNumber"], fields["attributes"]["x"]) == ("z", 17, 1)


def test_haproxy_in_syslog_has_the_year_of_its_own_date() -> None:
    line = (
        "Feb 25 16:19:49 10.0.0.2 haproxy[7]: 1.2.3.4:5 [25/Feb/2019:16:19:48.143] in~ bk/srv 0/0/7/1457/1487 200 11394"
        ' - - ---- 2/1/0/0/0 0/0 {UA (x; y)} {} "GET /p?q=1 HTTP/1.1"'
    )
    fields = records(line)[0]
    assert fields["timeUnixNano"] == 1551111588143 * 1_000_000
    assert fields["resource"] == {"host.name": "10.0.0.2", "service.name": "haproxy"}
    assert fields["attributes"]["url.query"] == "q=1"


def test_a_cri_payload_in_json_is_read_and_the_runtimes_time_is_observed() -> None:
    fields = records('2025-06-01T10:00:01Z stderr F {"time":"2025-06-01T10:00:00Z","level":"warn","msg":"m"}', "cri")[0]
    assert fields["timeUnixNano"] == INSTANT
    assert fields["observedTimeUnixNano"] == INSTANT + 1_000_000_000
    assert fields["attributes"] == {"log.iostream": "stderr"}


def test_a_payloads_time_without_zone_yields_to_the_wrappers() -> None:
    fields = records("2025-06-01T10:00:00Z stdout F 2025-06-01 12:00:00 INFO late", "cri")[0]
    assert fields["timeUnixNano"] == INSTANT
    assert fields["attributes"]["payload.time_unix_nano"] == INSTANT + 7200 * 1_000_000_000


def test_a_compose_prefix_names_the_service() -> None:
    fields = records('web-2  | {"level":"info","msg":"x"}')[0]
    assert fields["resource"] == {"service.name": "web"}
    assert fields["attributes"] == {"container.replica": 2}
    assert fields["body"] == "x"


def test_w3c_columns_may_change_within_an_object() -> None:
    text = "#Fields: date time sc-status\n2025-06-01 10:00:00 200\n#Fields: date time cs-method sc-status\n2025-06-01 10:00:00 PUT 404"
    found = outcomes(text)
    assert [type(o) for o in found] == [Ignored, Record, Ignored, Record]
    assert found[0] == Ignored(1, 1, "header")
    assert [f["severityNumber"] for f in records(text)] == [9, 13]


def test_w3c_quotes_inside_values() -> None:
    text = '#Fields: date time cs-method x-note\n2025-06-01 10:00:00 GET "a ""b"" c"'
    assert records(text)[0]["attributes"]["x-note"] == 'a "b" c'


def test_only_line_feeds_end_a_line() -> None:
    text = "2025-06-01T10:00:00Z INFO a \u2028 2025-06-01T10:00:03Z INFO forged\u0085 next"
    assert len(records(text)) == 1


def test_carriage_returns_and_colours_are_no_part_of_a_body() -> None:
    fields = records("2025-06-01T10:00:00Z \x1b[31mERROR\x1b[0m boom\r")[0]
    assert (fields["body"], fields["severityNumber"]) == ("boom", 17)


def test_bad_bytes_become_the_replacement_character() -> None:
    assert records(b"2025-06-01T10:00:00Z INFO caf\xe9 \xff")[0]["body"] == "caf\ufffd \ufffd"


def test_utf16_that_nobody_transcoded_is_refused_not_shown_as_noise() -> None:
    raw = "2025-06-01T10:00:00Z INFO hello\n".encode("utf-16")
    assert [o.reason for o in outcomes(raw) if isinstance(o, Refused)] == ["not_utf8", "not_utf8"]


def test_a_record_is_closed_at_its_limit_of_lines() -> None:
    text = "2025-06-01T10:00:00Z INFO a\n" + "\n".join([" more"] * (MAX_RECORD_LINES + 5))
    found = [o for o in outcomes(text) if isinstance(o, Record)]
    assert found[0].line_count == MAX_RECORD_LINES
    assert max(o.line_count for o in found) == MAX_RECORD_LINES


def test_a_sources_own_multiline_rule_decides() -> None:
    context = replace(CONTEXT, multiline_start=r"^BEGIN")
    assert [f["body"] for f in records("BEGIN a\nb\nINFO: c\nBEGIN d", "text", context)] == [
        "BEGIN a\nb\nINFO: c",
        "BEGIN d",
    ]


def test_a_sources_expression_names_the_fields() -> None:
    pattern = r"(?P<time>\d+) (?P<level>[A-Z]+) <(?P<service__name>\w+)> (?P<message>.*) took=(?P<took>\d+)"
    context = replace(CONTEXT, pattern=pattern)
    found = records("1748772000 WARN <web> slow took=5\n  more\nfree text", "regex", context)
    assert found[0] == {
        "timeUnixNano": INSTANT, "severityText": "WARN", "severityNumber": 13, "body": "slow\n  more",
        "resource": {"service.name": "web"}, "attributes": {"took": "5"},
    }  # fmt: skip
    assert found[1]["body"] == "free text"


def test_the_regex_format_without_expression_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="pattern"):
        list(parse_object(numbered([b"x"]), "regex", CONTEXT))


def test_an_unknown_format_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="'nope' is unknown"):
        parse_object([], "nope", CONTEXT)


@pytest.mark.parametrize("alias", ["nginx", "log4j", "iis", "ndjson"])
def test_formats_have_their_usual_names_too(alias: str) -> None:
    assert len(list(parse_object(numbered([b"x"]), alias, CONTEXT))) == 1
