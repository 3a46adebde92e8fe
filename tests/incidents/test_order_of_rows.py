"""An investigation asks an engine that keeps no order of rows, so each of its questions names its own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.incidents.examples import examples_of
from logsight_assets.incidents.first_answer import changes
from logsight_assets.incidents.normal_hours import Kind
from logsight_assets.incidents.ranking import rank
from logsight_assets.incidents.reading import EVENTS_READ, Files, files_of, observe
from logsight_assets.incidents.signals.attributes import shared_by_failing
from logsight_assets.incidents.windows import Window
from logsight_assets.intake.run import declared_sources
from logsight_assets.lake import Lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.sqltext import literal, sql
from logsight_assets.trends.completeness import refresh_completeness
from tests.incidents.scenes import alarm_on, line_at, traffic
from tests.intake.lakes import make_lake, put_raw, read_all

WINDOW = Window.of(alarm_on("bank"))
OBJECTS = 6


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Traffic, and six objects that each tell of ten events: of the same ids, services, times and trace, yet each its
    own, in one of two wordings. Whoever takes the first of them by id and time has six to take from."""
    lake = make_lake(tmp_path)
    put_raw(lake, traffic(-900, 120))
    for number in range(OBJECTS):
        said = "no connection came" if number % 2 else "pool of 20 is empty"
        own = [
            line_at(-50 + place, "bank", f"{said}, took {5 + number} ms", severityText="ERROR", severityNumber=17,
                    event_id=f"same-{place}", traceId="7" * 32, attributes={"shard": str(number)})
            for place in range(10)
        ]  # fmt: skip
        put_raw(lake, own, f"pool-{number}.gz")
    read_all(lake)
    refresh_completeness(lake, declared_sources(lake))
    return lake


def found_in(lake: Lake, files: Files) -> dict[str, Any]:
    """All that reaches Python, as an investigation asks for it."""
    with embedded_engine(lake, keeps_order=False) as engine, engine.session() as session:
        observed = observe(session, files, files.time, {})
        ranking = rank(observed, [observed.services.index("bank")])
        first = ranking.suspects[0]
        samples = sql(
            "incidents/attribute_samples",
            events=EVENTS_READ,
            failing="(select pattern_id from window_events where body like 'pool%')",
            service=literal("bank"),
            since=str(WINDOW.start),
            until=str(WINDOW.as_of),
            most="7",
        )
        told = sql(
            "incidents/change_lines",
            events="events",
            pattern=literal("took"),
            service=literal(None),
            since=str(WINDOW.start),
            until=str(WINDOW.as_of),
            most="7",
        )
        return {
            "changes": session.fetch(told).to_pylist(),
            "traces": [each.tolist() for each in vars(observed.traces).values() if hasattr(each, "tolist")],
            "took": [each.tolist() for each in vars(observed.took).values()],
            "templates": observed.templates,
            "examples": examples_of(session, observed, changes(ranking), files.time.since),
            "attributes": shared_by_failing(session, observed, first.service, first.findings),
            "samples": session.fetch(samples).to_pylist(),
        }


def test_the_order_in_which_objects_are_read_decides_nothing(lake: Lake) -> None:
    files = files_of(lake, ["acme"], WINDOW, lambda _: Kind.USUAL)
    turned = dataclasses.replace(files, uris={tenant: list(uris)[::-1] for tenant, uris in files.uris.items()})
    once, again = found_in(lake, files), found_in(lake, turned)
    assert len(files.uris["acme"]) > OBJECTS
    for name, held in once.items():
        assert held == again[name], name
    assert all((once["examples"], once["samples"], once["traces"][0], once["changes"]))
