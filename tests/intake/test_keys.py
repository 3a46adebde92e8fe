"""Keys of a lake: made once, rotated without losing what was stored under an older one."""

from __future__ import annotations

from pathlib import Path

import pytest

from logsight_assets.errors import ConfigurationError
from logsight_assets.intake.keys import load_keys, rotate_redaction_key
from logsight_assets.intake.redaction.policy import Kind
from tests.intake.lakes import events, flat_line, make_lake, put_raw, read_all, receipts


def test_a_rotation_keeps_older_tokens_joinable(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    put_raw(lake, [flat_line(minute=1, body="mail to anna@example.com")], "before.gz")
    read_all(lake)
    assert rotate_redaction_key(lake.state) == 2
    put_raw(lake, [flat_line(minute=2, body="mail to Anna@Example.com")], "after.gz")
    read_all(lake)
    before, after = sorted(event["body"] for event in sorted(events(lake), key=lambda e: e["event_time"]))
    tokens = load_keys(lake.state).ring.tokens_for("anna@example.com", Kind.EMAIL, "acme")
    assert before != after
    assert {body.removeprefix("mail to ") for body in (before, after)} == set(tokens)
    assert sorted(receipt.versions["redaction_key"] for receipt in receipts(lake)) == [1, 2]


def test_copies_around_a_rotation_are_still_copies(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    line = flat_line(event_id="e1", body="mail to anna@example.com")
    put_raw(lake, [line], "before.gz")
    read_all(lake)
    rotate_redaction_key(lake.state)
    put_raw(lake, [line], "after.gz")
    read_all(lake)
    assert len({event["record_hash"] for event in events(lake)}) == 1


def test_the_file_is_its_owners_alone_and_made_once(tmp_path: Path) -> None:
    first = load_keys(tmp_path)
    assert load_keys(tmp_path).record == first.record
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    assert first.record not in repr(first)


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"record": "xyz"}')
    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        load_keys(tmp_path)
