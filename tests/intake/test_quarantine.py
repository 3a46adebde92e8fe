"""Quarantine keeps every refused byte for a replay, and shows people a beginning that is redacted and harmless."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.intake.excerpts import LONGEST, excerpt
from logsight_assets.intake.keys import load_keys
from logsight_assets.intake.quarantine import QuarantineWriter, entries_of, raw_of
from logsight_assets.intake.quarantine_report import quarantine_report, report_text
from logsight_assets.intake.records import QUARANTINE_REASONS, Refused
from logsight_assets.intake.redact_records import redaction_of
from logsight_assets.intake.unpack import LongLine
from logsight_assets.lake import Lake
from tests.intake.lakes import HOUR, define_source, flat_line, put_raw, read_all, refused

GOOD = [flat_line(minute=m) for m in range(10)]
CUT = b'{"body": "cut by'


def written(path: Path, *entries: Refused) -> bytes:
    with QuarantineWriter(path) as quarantine:
        for entry in entries:
            quarantine.refuse(entry)
    return path.read_bytes()


def excerpt_of(lake: Lake, raw: bytes | None) -> str:
    redactor = redaction_of(lake.settings, load_keys(lake.state).ring).redactor("acme")
    return excerpt(raw, redactor) or ""


# Bytes ----------------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_any_bytes_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("quarantine") / "entries"
    written(path, *(Refused(n, 1, 0, "not_json", raw) for n, raw in enumerate(lines, start=1)))
    held = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert [raw_of(entry) for entry in held] == lines
    assert [entry["line"] for entry in held] == list(range(1, len(lines) + 1))


def test_the_same_entries_are_the_same_bytes(tmp_path: Path) -> None:
    entries = [Refused(1, 1, 0, "not_json", CUT), Refused(2, 1, 0, "not_utf8", b"\xff")]
    assert written(tmp_path / "a", *entries) == written(tmp_path / "b", *entries)


def test_text_is_kept_as_text_and_other_bytes_as_base64(tmp_path: Path) -> None:
    data = written(tmp_path / "a", Refused(1, 1, 0, "not_json", "é".encode()), Refused(2, 1, 3, "not_utf8", b"\xff"))
    assert [json.loads(line) for line in gzip.decompress(data).splitlines()] == [
        {"line": 1, "record": 0, "reason": "not_json", "text": "é"},
        {"line": 2, "record": 3, "reason": "not_utf8", "base64": base64.b64encode(b"\xff").decode()},
    ]


def test_a_line_over_the_limit_is_kept_as_its_place_and_hash(tmp_path: Path) -> None:
    with QuarantineWriter(tmp_path / "a") as quarantine:
        quarantine.refuse_long(LongLine(3, 100, 2**25, "ab" * 32))
    (entry,) = (json.loads(line) for line in gzip.decompress((tmp_path / "a").read_bytes()).splitlines())
    assert raw_of(entry) is None
    assert (entry["reason"], entry["line"], entry["offset"], entry["length"]) == ("line_too_long", 3, 100, 2**25)


def test_an_object_without_refusals_leaves_no_entry(lake: Lake, tmp_path: Path) -> None:
    put_raw(lake, GOOD)
    read_all(lake)
    assert list(lake.store.list("quarantine/")) == []
    assert list(entries_of(lake.store, "quarantine/none")) == []


BAD_LINES = {
    "cut": CUT,
    "invalid_utf8": b'{"body": "\xff\xfe',
    "control_characters": b'{"body": "\x00\x1b[31m\x07',
    "carriage_return_inside": b'{"a": "b\rc',
    "not_an_object": b"[1, 2]",
    "bad_tenant": flat_line(tenant="../etc", body="t\u00e4xt \u202e"),
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES.keys())
@pytest.mark.parametrize("among", [GOOD, [b'{"msg":"generic"}'] * 10], ids=["flat", "json"])
def test_a_refused_line_is_kept_byte_for_byte_with_its_place(lake: Lake, bad: bytes, among: list[bytes]) -> None:
    put_raw(lake, [*among[:4], bad, *among[4:]])
    read_all(lake)
    (entry,) = refused(lake)
    assert (entry.raw, entry.line) == (bad, 5)
    assert (entry.tenant, entry.source, entry.arrival_hour) == ("_mixed", "shop", str(HOUR))
    assert entry.reason in QUARANTINE_REASONS


def test_what_was_refused_can_be_read_again_under_corrected_rules(lake: Lake) -> None:
    define_source(lake, "shop", tenants=["acme"])
    put_raw(lake, [*GOOD, flat_line(tenant="globex")])
    read_all(lake)
    assert [entry.reason for entry in refused(lake)] == ["tenant_not_granted"]
    define_source(lake, "shop", tenants=["acme", "globex"])
    read_all(lake, replay=True)
    assert refused(lake) == []


# What people see ------------------------------------------------------------------------------------------------------


def test_the_report_counts_by_reason_and_source_most_first(lake: Lake) -> None:
    put_raw(lake, [*GOOD, *[CUT] * 5, b"[1]"])
    put_raw(lake, [*GOOD, CUT], source="other")
    read_all(lake)
    report = quarantine_report(lake)
    assert report["total"] == 7
    assert [(r["reason"], r["count"], r["sources"]) for r in report["reasons"]] == [
        ("not_json", 6, {"other": 1, "shop": 5}),
        ("not_an_object", 1, {"shop": 1}),
    ]
    assert all(r["meaning"] == QUARANTINE_REASONS[r["reason"]] for r in report["reasons"])


def test_the_report_shows_three_examples_of_a_reason_with_their_place(lake: Lake) -> None:
    put_raw(lake, [*GOOD, *[CUT] * 5])
    read_all(lake)
    (reason,) = quarantine_report(lake)["reasons"]
    (raw_object,) = {entry.raw_object for entry in refused(lake)}
    assert reason["examples"] == [
        {"source": "shop", "arrival_hour": str(HOUR), "raw_object": raw_object, "line": n, "excerpt": CUT.decode()}
        for n in (11, 12, 13)
    ]


def test_an_empty_quarantine_has_an_empty_report(lake: Lake) -> None:
    assert quarantine_report(lake) == {"reasons": [], "total": 0}
    assert report_text(quarantine_report(lake)).startswith("0 ")


def test_personal_data_is_in_the_vault_and_not_in_the_report(lake: Lake) -> None:
    bad = b'{"user": "anna@example.com", "password": "hunter2hunter2", "card": "4111 1111 1111 1111'
    put_raw(lake, [*GOOD, bad])
    read_all(lake)
    assert [entry.raw for entry in refused(lake)] == [bad]
    report = quarantine_report(lake)
    for shown in (json.dumps(report), report_text(report)):
        assert "<EMAIL:" in shown
        for value in ("anna", "hunter2", "4111"):
            assert value not in shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\x1b[31mred", "\\x1b[31mred"),
        (b"a\x07\x08\x00b", "a\\x07\\x08\\x00b"),
        ("a\u202eb\u2066c".encode(), "a\\u202eb\\u2066c"),
        (b"a\rb\tc", "a\\rb\\tc"),
        ("\u009b31m".encode(), "\\x9b31m"),
        ("zero\u200bwidth".encode(), "zero\\u200bwidth"),
        ("tag\U000e0041".encode(), "tag\\U000e0041"),
        ("caf\u00e9 \u4e2d".encode(), "café 中"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
    ],
    ids=repr,
)
def test_characters_that_steer_a_terminal_are_shown_and_not_sent(lake: Lake, raw: bytes, shown: str) -> None:
    put_raw(lake, [*GOOD, b'{"' + raw])
    read_all(lake)
    report = quarantine_report(lake)
    (example,) = report["reasons"][0]["examples"]
    assert example["excerpt"] == '{"' + shown
    assert all(line.isprintable() for line in report_text(report).splitlines())


def test_an_excerpt_is_the_beginning(lake: Lake) -> None:
    assert excerpt_of(lake, None) == ""
    assert excerpt_of(lake, b"") == ""
    assert excerpt_of(lake, b"short") == "short"
    assert excerpt_of(lake, b"word " * 2000) == ("word " * 40)[:LONGEST]


def test_a_secret_across_the_end_of_an_excerpt_is_not_shown_in_part(lake: Lake) -> None:
    for before in range(LONGEST - 30, LONGEST):
        shown = excerpt_of(lake, b"x" * before + b" anna.lindgren@example.com and more")
        assert "anna" not in shown


@pytest.mark.parametrize("cut_at", range(3980, 4020, 3))
def test_a_secret_that_redaction_moves_to_the_front_is_not_shown_in_part(lake: Lake, cut_at: int) -> None:
    """A key of nearly 4,000 bytes becomes nine characters: what follows it would stand in the excerpt, cut anywhere."""
    head, tail = b"-----BEGIN PRIVATE KEY-----\n", b"\n-----END PRIVATE KEY-----"
    key = head + b"MIIEvQIBADANBgkqhkiG9w0B" * 200
    raw = key[: cut_at - 60 - len(tail)] + tail + b" x" * 10 + b" card 4111 1111 1111 1111 anna.lindgren@example.com"
    shown = excerpt_of(lake, raw)
    assert "MIIE" not in shown
    assert "4111" not in shown
    assert "anna" not in shown
