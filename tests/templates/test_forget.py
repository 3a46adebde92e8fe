"""A template goes when no trend counts it any more, and versions of a registry do not pile up."""

from __future__ import annotations

from pathlib import Path

from logsight_assets.decisions import Said
from logsight_assets.lake import Lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.templates.forget import KEPT_VERSIONS, forget_templates
from logsight_assets.templates.people import find, name
from logsight_assets.templates.registry import read_all
from resources.query_engine import DuckDBEngine
from tests.intake.lakes import make_lake, published
from tests.kills import kill_at_every_operation
from tests.trends.event_files import HOUR

from .counted import count, home, made, remake, templates

OLD = HOUR - 24 * 40


def uncount(lake: Lake) -> None:
    """What retention leaves of the hour OLD: nothing."""
    for area in ("trends/", "patterns/", "events/"):
        for entry in list(lake.store.list(area)):
            if f"dt={OLD.day}" in entry.key or f"month={OLD.month}" in entry.key:
                lake.store.delete(entry.key)


def forget(lake: Lake) -> None:
    with embedded_engine(lake) as engine:
        forget_templates(lake, engine)


def test_a_template_goes_with_its_last_count_and_so_do_its_texts(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann", "secret x", hour=OLD)
    count(lake, engine, "user ann", "stop x")
    remake(lake, engine)
    user = templates(lake)["user <*>"]["template_id"]
    assert forget_templates(lake, engine) == {}
    uncount(lake)
    assert forget_templates(lake, engine) == {"templates": 1, "template_versions": 1}
    assert set(templates(lake)) == {"user <*>", "stop <*>"}
    assert templates(lake)["user <*>"]["template_id"] == user
    assert not [key for key, data in made(lake).items() if b"secret" in data]
    remake(lake, engine, everything=True)
    assert set(templates(lake)) == {"user <*>", "stop <*>"}


def test_what_people_named_stays(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "server started", hour=OLD)
    count(lake, engine, "stop x")
    remake(lake, engine)
    name(lake, find(lake, home(lake, "server started")), Said("ann"), "start")
    uncount(lake)
    assert forget_templates(lake, engine)["templates"] == 0
    assert home(lake, "server started")


def test_only_the_newest_versions_stay(lake: Lake, engine: DuckDBEngine) -> None:
    for number in range(KEPT_VERSIONS + 2):
        count(lake, engine, "user " + "x" * (number + 1), hour=HOUR + number)
        remake(lake, engine)
    assert forget_templates(lake, engine) == {"template_versions": 2}
    (held,) = read_all(lake.store, "acme").values()
    assert (held.number, len(held.registry.homes)) == (KEPT_VERSIONS + 2, KEPT_VERSIONS + 2)


def test_forgetting_killed_anywhere_is_finished_by_the_next(tmp_path: Path, engine: DuckDBEngine) -> None:
    lake = make_lake(tmp_path / "template")
    count(lake, engine, "user ann", "secret x", hour=OLD)
    count(lake, engine, "user ann")
    remake(lake, engine)
    uncount(lake)
    assert kill_at_every_operation(tmp_path, forget, published) > 4
