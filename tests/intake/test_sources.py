"""A source's file: what it may say, errors that name file and field, and when an edit makes objects stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.intake.sources import SourceDefinition, automatic_source, read_sources
from logsight_assets.settings import TENANT_NAME
from tests.intake.lakes import events, make_lake, put_raw, read_all


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    return folder


def load(folder: Path, **fields: Any) -> SourceDefinition:
    (folder / "shop.yaml").write_text(yaml.safe_dump(fields), encoding="utf-8")
    return read_sources(folder).whole()["shop"]


def test_an_empty_file_is_a_source_whose_lines_choose_nothing(folder: Path) -> None:
    (folder / "shop.yaml").write_text("")
    source = read_sources(folder).whole()["shop"]
    assert (source.name, source.format, source.tenant) == ("shop", "auto", "default")
    assert source.grants("default")
    assert not source.grants("acme")


def test_every_file_of_the_folder_is_a_source(folder: Path) -> None:
    for name in ("b", "a-1.log", "0"):
        (folder / f"{name}.yaml").write_text(f"name: {name!r}")
    (folder / "notes.txt").write_text("no source")
    assert list(read_sources(folder).whole()) == ["0", "a-1.log", "b"]


def test_no_folder_is_no_source(folder: Path) -> None:
    assert read_sources(folder / "none").whole() == {}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"formt": "json"}, ["formt", "not permitted"]),
        ({"format": "jsn"}, ["format", "none of: auto", "(is 'jsn')"]),
        ({"format": "regex"}, ["needs `pattern`"]),
        ({"format": "regex", "pattern": "no groups"}, ["needs `pattern`", "named groups"]),
        ({"format": "regex", "pattern": "(?P<a>"}, ["pattern", "no RE2 expression"]),
        ({"format": "regex", "pattern": r"(?P<a>x)\1"}, ["pattern", "no RE2 expression"]),
        ({"multiline_start": "(?=x)"}, ["multiline_start", "no RE2 expression"]),
        ({"time_unit": "minutes"}, ["time_unit", "(is 'minutes')"]),
        ({"time_zone": "Europe/Berln"}, ["time_zone", "like Europe/Berlin", "(is 'Europe/Berln')"]),
        ({"time_zone": "../../etc/passwd"}, ["time_zone"]),
        ({"tenant": "Acme Inc"}, ["tenant", "must match"]),
        ({"tenant": "_mixed"}, ["tenant", "must match"]),
        ({"tenants": ["acme", "a/b"]}, ["tenants", "must match"]),
        ({"tenants": "acme"}, ["tenants"]),
        ({"fields": ["time"]}, ["fields", "dictionary"]),
        ({"request": {"attributes": ["a' or true --"]}}, ["request.attributes", "letters, digits"]),
        ({"request": {"attributes": [""]}}, ["request.attributes"]),
        ({"error": {"severity_at_least": 0}}, ["error.severity_at_least", "(is 0)"]),
        ({"error": {"status": 500}}, ["error.status", "not permitted"]),
        ({"lateness_minutes": -1}, ["lateness_minutes"]),
        ({"name": "other"}, ["name", "must be the file's own name, 'shop'"]),
        ({"name": "../shop"}, ["name", "must match"]),
    ],
)
def test_an_error_names_file_and_field(folder: Path, fields: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(folder, **fields)
    for part in [str(folder / "shop.yaml"), *said]:
        assert part in str(raised.value)


@pytest.mark.parametrize("name", ["Shop", "a b", "a~b", "a=b", "-a", "x" * 64])
def test_a_files_name_must_be_a_sources_name(folder: Path, name: str) -> None:
    (folder / f"{name}.yaml").write_text("")
    with pytest.raises(ConfigurationError, match=r"name: .*must match"):
        read_sources(folder).whole()


def test_a_file_that_would_be_passed_over_is_an_error(folder: Path) -> None:
    (folder / "shop.yml").write_text("tenants: [acme]")
    with pytest.raises(ConfigurationError, match=r"shop\.yml: .* ends in \.yaml"):
        read_sources(folder).whole()


@pytest.mark.parametrize("zone", ["UTC", "+02:00", "-0330", "Europe/Berlin", "America/Argentina/Ushuaia", "PDT"])
def test_zones_are_names_or_offsets(folder: Path, zone: str) -> None:
    assert load(folder, time_zone=zone).time_zone == zone


def test_a_relative_location_is_taken_from_the_folder_of_the_settings(folder: Path) -> None:
    assert load(folder, location="../copy").location == str(folder.parent / ".." / "copy")
    assert load(folder, location="/data").location == "/data"


def test_yaml_that_would_run_something_is_refused(folder: Path) -> None:
    (folder / "shop.yaml").write_text("format: !!python/object/apply:os.getcwd []")
    with pytest.raises(ConfigurationError, match="no valid YAML"):
        read_sources(folder).whole()


# Grants ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "granted", "refused"),
    [
        ({}, ["default"], ["acme", "", "any"]),
        ({"tenant": "acme"}, ["acme"], ["default", "globex"]),
        ({"tenant": "acme", "tenants": ["globex"]}, ["acme", "globex"], ["default", "glob", "globex2"]),
        ({"tenants": "any"}, ["acme", "x" * 63], ["", "_mixed", "_platform", "a/b", "..", "A", "x" * 64]),
    ],
)
def test_lines_choose_among_the_tenants_granted(
    folder: Path, fields: dict[str, Any], granted: list[str], refused: list[str]
) -> None:
    source = load(folder, **fields)
    assert [tenant for tenant in granted + refused if source.grants(tenant)] == granted


@given(st.text())
def test_any_text_that_an_automatic_source_grants_is_a_valid_name(text: str) -> None:
    assert automatic_source("import").grants(text) == bool(TENANT_NAME.fullmatch(text))


@pytest.mark.parametrize("name", ["", "A", "a/b", "../x", "a~b", "a b"])
def test_an_automatic_source_has_a_valid_name(name: str) -> None:
    with pytest.raises(UsageError, match="must match"):
        automatic_source(name)


# Fingerprint ----------------------------------------------------------------------------------------------------------


def test_an_edit_that_can_change_events_changes_the_fingerprint(folder: Path) -> None:
    edits: list[dict[str, Any]] = [
        {},
        {"format": "json"},
        {"fields": {"time": "when"}},
        {"time_unit": "ms"},
        {"time_zone": "+02:00"},
        {"tenant": "acme"},
        {"tenants": ["acme"]},
        {"service": "cart"},
        {"environment": "prod"},
        {"id_field": "id"},
        {"request": {"attributes": ["a"]}},
        {"error": {"status_at_least": 400}},
        {"multiline_start": "^x"},
    ]
    assert len({load(folder, **fields).fingerprint for fields in edits}) == len(edits)


def test_other_edits_make_no_object_stale(folder: Path) -> None:
    edits: list[dict[str, Any]] = [{}, {"description": "new"}, {"lateness_minutes": 5}, {"location": "/data"}]
    assert len({load(folder, **fields).fingerprint for fields in edits}) == 1


# In effect ------------------------------------------------------------------------------------------------------------


def test_a_sources_defaults_hold_for_lines_that_say_nothing(tmp_path: Path, folder: Path) -> None:
    load(folder, tenant="acme", service="cart", environment="prod", format="json")
    lake = make_lake(tmp_path)
    put_raw(lake, [b'{"msg":"a"}', b'{"msg":"b","service":"pay","env":"stage"}'])
    read_all(lake)
    found = [(e["body"], e["tenant"], e["service"], e["environment"]) for e in events(lake)]
    assert found == [("a", "acme", "cart", "prod"), ("b", "acme", "pay", "stage")]
