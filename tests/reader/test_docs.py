"""`docs/sql.md` says what the reader does: tables, functions, caps."""

from __future__ import annotations

import re
from pathlib import Path

from logsight_assets.reader.ask import MAX_CHARACTERS, MAX_OBJECTS, MAX_RESULT_BYTES
from logsight_assets.reader.functions import BY_KIND
from logsight_assets.settings import Reader
from logsight_assets.tables import TABLES

TEXT = (Path(__file__).parents[2] / "docs" / "sql.md").read_text(encoding="utf-8")


def test_every_function_is_listed_under_its_kind() -> None:
    listed = {
        kind: set(names.split(", ")) for kind, names in re.findall(r"^\*\*([\w ]+)\*\*: (.*)\.$", TEXT, re.MULTILINE)
    }
    assert listed == {kind: set(names) for kind, names in BY_KIND.items()}


def test_every_table_is_named() -> None:
    named = set()
    for base, levels in re.findall(r"`(\w+?)((?:\|\w+)*)`", TEXT):
        stem = base.rpartition("_")[0]
        named |= {base} | {f"{stem}_{level}" for level in levels.split("|") if level}
    assert set(TABLES) <= named


def test_caps_are_those_of_the_settings() -> None:
    caps = Reader()
    assert set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) == set(Reader.model_fields)
    for value in (
        f"{caps.max_rows:,}",
        f"{caps.max_seconds:g}",
        f"{caps.max_scan_bytes // 1024**3} GiB",
        f"{caps.memory_mb}",
    ):
        assert f"| {value}" in TEXT
    assert f"Fixed: {MAX_OBJECTS:,} objects, {MAX_RESULT_BYTES // 1024**2} MiB" in TEXT
    assert f"{MAX_CHARACTERS:,} characters" in TEXT
