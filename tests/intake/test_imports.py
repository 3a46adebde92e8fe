"""Names of imported objects: whatever a caller says comes back out of the name, and nothing leaves its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.errors import UsageError
from logsight_assets.intake.add import Defaults, add
from logsight_assets.intake.imports import ImportName
from tests.intake.lakes import define_source, events, flat_line, make_lake, read_all

_digests = st.text("0123456789abcdef", min_size=16, max_size=16)
_options = st.one_of(st.none(), st.text(min_size=1, max_size=4), st.from_regex(r"[a-z0-9._-]{1,20}", fullmatch=True))
_names = st.builds(
    ImportName,
    st.text(max_size=6),
    _digests,
    st.integers(0, 10**14),
    st.integers(0, 10**14),
    _digests,
    _options,
    _options,
    _options,
)


def name(**fields: Any) -> ImportName:
    held: dict[str, Any] = {"file": "a.log", "path_digest": "0" * 16, "start": 0, "end": 9, "content_digest": "f" * 16}
    return ImportName(**(held | fields))


@given(_names)
def test_what_a_name_is_made_of_comes_back(import_name: ImportName) -> None:
    assert ImportName.parse(str(import_name)) == import_name


@given(_names)
def test_a_name_is_one_part_of_a_key_in_plain_characters(import_name: ImportName) -> None:
    text = str(import_name)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) <= 255
    assert set("/ \\*?[]'\"").isdisjoint(text)


def test_a_name_reads_as_it_is_documented() -> None:
    said = name(file="my app.log", start=7, end=512, tenant="acme", service="a,b=c~d", environment="prod")
    assert str(said) == (
        "import,tenant=acme,service=a%2Cb%3Dc%7Ed,environment=prod~my%20app.log~0000000000000000"
        "~000000000000007-000000000000512~ffffffffffffffff"
    )


def test_names_sort_by_their_place_in_the_file() -> None:
    parts = [name(start=start, end=start + 1) for start in (0, 9, 10, 99_999_999_999)]
    assert sorted(map(str, parts)) == [str(part) for part in parts]


@given(st.text(min_size=60, max_size=255).filter(lambda text: "\0" not in text))
def test_of_a_long_file_name_the_end_is_kept_in_whole_characters(file: str) -> None:
    parsed = ImportName.parse(str(name(file=file)))
    assert parsed is not None
    assert parsed.file
    assert file.endswith(parsed.file)


@pytest.mark.parametrize("text", ["", "a.gz", "import", "part-00001.json.gz", "import~a~b~c", "demo~2025~x"])
def test_other_objects_names_say_nothing(text: str) -> None:
    assert ImportName.parse(text) is None
    assert ImportName.parse(str(name()) + ".gz") is None


def test_options_that_no_name_can_hold_are_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="--tenant, --service and --environment are together 4 characters too long"):
        name(service="s" * (255 - len(str(name())) - len(",service=") + 4))


@pytest.mark.parametrize(
    ("source", "options", "service"),
    [({}, {}, "app.log"), ({"service": "of source"}, {}, "of source"), ({"service": "x"}, {"service": "said"}, "said")],
    ids=["file", "source", "option"],
)
def test_the_service_is_the_callers_else_the_sources_else_the_files_name(
    tmp_path: Path, source: dict[str, str], options: dict[str, str], service: str
) -> None:
    lake = make_lake(tmp_path / "lake")
    define_source(lake, "import", **source)
    (tmp_path / "app.log").write_bytes(b"started\n")
    add(lake, [tmp_path / "app.log"], Defaults(**options))
    read_all(lake)
    assert [event["service"] for event in events(lake)] == [service]


def test_a_file_whose_name_is_no_text_is_read_like_any_other(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.log"))
    path.write_bytes(flat_line(service="", tenant=None) + b"\n")
    (added,) = add(lake, [path], Defaults())
    assert added.path.endswith(r"caf\xe9.log")
    assert add(lake, [path], Defaults()) == []
    read_all(lake)
    assert [event["service"] for event in events(lake)] == ["caf\N{REPLACEMENT CHARACTER}.log"]
