"""Pins and names as people make them: on the command line, through merges, rebuilds and their own end."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest

from logsight_assets.cli import main
from logsight_assets.decisions import Said
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.templates.people import find, name, pin, take_back
from logsight_assets.templates.pins import NAME, PIN
from logsight_assets.templates.refresh import refresh_templates
from logsight_assets.trends.erase import objects_of
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.intake.lakes import flat_line, put_raw, read_all
from tests.trends.event_files import HOUR

from .counted import count, home, made, remake, templates

ANN = Said("ann", "known noise")
NAMES = ["ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal"]


@pytest.fixture
def filled(lake: Lake, engine: DuckDBEngine) -> Lake:
    """Two templates, by the product's miner: logins of eight users, and one line about a start."""
    count(lake, engine, *(f"user {each} logged in from host" for each in NAMES), "server started")
    remake_as_product(lake)
    return lake


def remake_as_product(lake: Lake) -> None:
    with embedded_engine(lake) as engine:
        refresh_templates(lake, engine, everything=True)


def row(lake: Lake, template_id: str) -> dict[str, Any]:
    return next(each for each in templates(lake).values() if each["template_id"] == template_id)


def test_a_pinned_template_takes_what_fits_it_and_nothing_else(filled: Lake, engine: DuckDBEngine) -> None:
    pinned = home(filled, "user ann logged in from host")
    pin(filled, find(filled, pinned), ANN)
    assert row(filled, pinned)["is_pinned"]
    count(filled, engine, "user ivy logged in from host", "user ivy logged in from home", hour=HOUR + 1)
    remake_as_product(filled)
    assert home(filled, "user ivy logged in from host") == pinned
    assert home(filled, "user ivy logged in from home") != pinned
    assert row(filled, pinned)["event_count"] == 9


def test_a_name_stays_through_a_rebuild_and_a_merge(filled: Lake, engine: DuckDBEngine) -> None:
    template_id = home(filled, "server started")
    name(filled, find(filled, template_id), ANN, "start of the server")
    assert row(filled, template_id)["name"] == "start of the server"
    for key in made(filled):
        filled.store.delete(key)
    remake_as_product(filled)
    assert templates(filled)["server started"]["name"] == "start of the server"


def test_pin_and_name_can_be_taken_back_under_an_id_that_was_merged(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann", "login bob")
    remake(lake, engine)
    younger = home(lake, "login bob")
    name(lake, find(lake, younger), ANN, "logins")
    count(lake, engine, "login=user x", hour=HOUR + 1)
    remake(lake, engine)
    found = find(lake, younger)
    assert found.template_id == home(lake, "user ann"), "an alias leads to the template"
    assert row(lake, found.template_id)["name"] == "logins"
    take_back(lake, found, NAME, ANN)
    assert row(lake, found.template_id)["name"] is None
    with pytest.raises(UsageError, match="has no name to take back"):
        take_back(lake, found, NAME, ANN)
    with pytest.raises(UsageError, match="has no pin to take back"):
        take_back(lake, found, PIN, ANN)


def test_a_pin_ends_by_itself(filled: Lake, engine: DuckDBEngine) -> None:
    pinned = home(filled, "server started")
    until = filled.clock() + timedelta(days=1)
    pin(filled, find(filled, pinned), dataclasses.replace(ANN, until=until))
    assert row(filled, pinned)["is_pinned"]
    remake_as_product(dataclasses.replace(filled, clock=lambda: until))
    assert not row(filled, pinned)["is_pinned"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [("<*>", "without a word"), ("user <*> logged out", "fits no line")],
)
def test_a_text_that_cannot_be_pinned_is_refused(filled: Lake, text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        pin(filled, find(filled, home(filled, "user ann logged in from host")), ANN, text)


def test_a_pinned_text_may_be_a_persons_own(filled: Lake) -> None:
    pinned = home(filled, "user ann logged in from host")
    pin(filled, find(filled, pinned), ANN, "user <*> logged in <*>")
    assert row(filled, pinned)["template"] == "user <*> logged in <*>"


def test_an_unknown_template_is_a_usage_error(filled: Lake) -> None:
    with pytest.raises(UsageError, match="templates list"):
        find(filled, "no-such-id")


def test_decisions_of_a_tenant_are_erased_with_it(filled: Lake) -> None:
    name(filled, find(filled, home(filled, "server started")), ANN, "start")
    areas = {entry.key.partition("/")[0] for entry in objects_of(filled.store, "acme")}
    assert {"templates", "template_patterns", "decisions"} <= areas


# The command line -----------------------------------------------------------------------------------------------------


def run(lake: Lake, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    root = lake.store.uri("x").removesuffix("/x")
    assert main(["templates", *arguments, "--lake", root, "--json"]) == 0, capsys.readouterr().err
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_command_line_lists_names_and_pins(filled: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    most, least = run(filled, capsys, "list")["templates"]
    assert (most["event_count"], most["tenant"], most["is_pinned"]) == (8, "acme", False)
    assert (least["template"], least["name"]) == ("server started", None)
    assert run(filled, capsys, "name", least["template_id"], "start", "--by", "ann")["done"] == "named"
    assert run(filled, capsys, "pin", most["template_id"], "--by", "ann", "--why", "x")["pattern_count"] == 8
    now = {each["template_id"]: each for each in run(filled, capsys, "list", "--service", "shop")["templates"]}
    assert (now[least["template_id"]]["name"], now[most["template_id"]]["is_pinned"]) == ("start", True)
    assert run(filled, capsys, "pin", most["template_id"], "--remove")["done"] == "unpinned"
    assert run(filled, capsys, "list", "--service", "cart")["templates"] == []
    assert run(filled, capsys, "list", "--tenant", "globex")["templates"] == []


@pytest.mark.parametrize(
    "arguments",
    [("name", "{id}"), ("name", "{id}", "x", "--remove"), ("pin", "nobody"), ("pin", "{id}", "--until", "soon")],
)
def test_wrong_usage_is_told(filled: Lake, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    root = filled.store.uri("x").removesuffix("/x")
    template_id = home(filled, "server started")
    given = [each.format(id=template_id) for each in arguments]
    assert main(["templates", *given, "--lake", root]) == 2
    assert capsys.readouterr().out == ""


# From raw alone -------------------------------------------------------------------------------------------------------


def test_from_raw_and_decisions_alone_everything_is_made_again(lake: Lake) -> None:
    lines = [flat_line(minute=n, body=f"user {each} logged in from host") for n, each in enumerate(NAMES)]
    put_raw(lake, [*lines, flat_line(minute=9, body="server started", service="cart")])
    make_all(lake)
    (pinned,) = (row["template_id"] for row in templates(lake).values() if row["service"] == "checkout")
    (started,) = (row["template_id"] for row in templates(lake).values() if row["service"] == "cart")
    pin(lake, find(lake, pinned), ANN)
    name(lake, find(lake, started), ANN, "start")
    before = {key: data for key, data in made(lake).items() if "/registry/" not in key}
    for entry in [entry for entry in lake.store.list("") if not entry.key.startswith(("raw/", "decisions/"))]:
        lake.store.delete(entry.key)
    make_all(lake)
    assert {key: data for key, data in made(lake).items() if "/registry/" not in key} == before
    assert (row(lake, pinned)["is_pinned"], row(lake, started)["name"]) == (True, "start")


def make_all(lake: Lake) -> None:
    read_all(lake)
    with embedded_engine(lake) as engine:
        refresh(lake, engine).check()
        refresh_templates(lake, engine)
