"""A refresh killed at any change of the store leaves nothing that the next does not finish to the same bytes."""

from __future__ import annotations

from pathlib import Path

from logsight_assets.lake import Lake, mark
from logsight_assets.scratch import embedded_engine
from logsight_assets.trends.refresh import refresh
from tests.intake.lakes import make_lake
from tests.kills import kill_at_every_operation

from .conftest import everything_of_trends
from .event_files import HOUR, event, put_events


def _refresh(lake: Lake) -> None:
    with embedded_engine(lake) as engine:
        refresh(lake, engine).check()


def test_a_refresh_killed_at_any_change_of_the_store_is_finished_by_the_next(tmp_path: Path) -> None:
    """The lake was up to date, then one tenant's hour changed and another tenant lost its only file."""
    lake = make_lake(tmp_path / "template")
    put_events(lake, [event(1, duration_ns=7), event(2)])
    gone = put_events(lake, [event(1)], tenant="globex")
    mark(lake.store, "hours", str(HOUR), "o1")
    _refresh(lake)
    put_events(lake, [event(3, own_id="a"), event(3, own_id="a")], raw_object="o2", arrival=HOUR + 5)
    lake.store.delete(gone)
    mark(lake.store, "hours", str(HOUR), "o2")
    # Markers too must be equal: their names are random, so equal means that none is left.
    # Two tenants of 4 + 3 + 3 objects, and the markers around them.
    assert kill_at_every_operation(tmp_path, _refresh, everything_of_trends) > 25
