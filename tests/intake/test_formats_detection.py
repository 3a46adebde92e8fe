"""Detection where the first lines say little: cut documents, mixed files, look-alikes; and the registry."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path

import pytest

from logsight_assets.intake import formats
from logsight_assets.intake.formats import FORMATS, bom_encoding, detect
from logsight_assets.intake.formats.patterns import Pattern

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (['{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"IAM'], "cloudtrail"),
        (["{", '  "resourceLogs": [', "    {", '      "resource": {'], "otlp"),
        (['{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logEvents":[{"id":"'], "cloudwatch"),
        (['{"time":"2025-06-01T10:00:00Z","msg":"a'], "json"),
        (['{"timeUnixNano":1,"body":"x"}'], "flat"),
        (['{"body":"x","resource":{}}'], "flat"),
        (["Starting up", '{"msg":"a"}', '{"msg":"b"}', "Killed"], "json"),
        (["garbage {", '{"msg":"a"}'], "json"),
        (["a", "b", "c", '{"msg":"a"}'], "text"),
        (['{"log":"x\\n","stream":"stdout","time":"2025-06-01T10:00:00Z"}'], "docker"),
        (['{"log":"x","level":"info"}'], "json"),
        (["\ufeff" + '{"msg":"a"}'], "json"),
        (['2025-06-01 10:00:00 INFO got {"a":1}'], "timestamped"),
        (["INFO | starting", "INFO | started"], "text"),
        (["2025-06-01T10:00:00Z main Starting: x"], "timestamped"),
        (["Jun  1 10:00:00 ERROR disk: full"], "timestamped"),
        (["the price is 5 = a lot of money and x = y"], "text"),
        (["", "", "hello"], "text"),
        ([], "text"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_detection(head: list[str], expected: str) -> None:
    assert detect([line.encode() for line in head]) == expected


def test_the_head_of_a_long_pretty_printed_document_is_enough() -> None:
    request = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}] * 100}]}]}
    assert detect(json.dumps(request, indent=2).encode().split(b"\n")) == "otlp"


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        ("é\n".encode("utf-16"), "utf-16"),
        (b"\xfe\xff\x00a", "utf-16"),
        ("a".encode("utf-32"), "utf-32"),
        (b"\xef\xbb\xbfabc", "utf-8-sig"),
        (b"abc", None),
        (b"", None),
    ],
)
def test_a_byte_order_mark_names_the_codec(head: bytes, codec: str | None) -> None:
    assert bom_encoding(head) == codec
    if codec is not None:
        assert not head.decode(codec).startswith("\ufeff")


def test_every_expression_is_valid_re2() -> None:
    assert formats
    patterns = [held for held in gc.get_objects() if isinstance(held, Pattern)]
    assert len(patterns) > 40
    for pattern in patterns:
        pattern.test(b"x")


def test_the_documented_table_names_every_format_once() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == list(FORMATS)


def test_names_are_consistent() -> None:
    for name, known in FORMATS.items():
        assert known.name == name
        assert known.description
    assert {name for name, known in FORMATS.items() if known.own_id} == {"flat", "cloudwatch", "cloudtrail"}
    assert set(formats.ALIASES.values()) <= set(FORMATS)
    assert not set(formats.ALIASES) & set(FORMATS)
