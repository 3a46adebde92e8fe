"""When an hour is complete, by plain receipts; and that the table follows what lies in the lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from logsight_assets.declarations import Declared, Refused
from logsight_assets.errors import ConfigurationError
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.lake import MIXED, Lake, completeness_key, marked, raw_prefix, tombstone_key
from logsight_assets.timeline import Hour
from logsight_assets.trends.completeness import (
    BEHIND,
    COMPLETE,
    OPEN,
    PendingRaw,
    completeness_rows,
    refresh_completeness,
    state_of,
)
from logsight_assets.trends.streams import Reach, Stream, joined

from .conftest import rows_of
from .event_files import HOUR, event, put_events
from .receipts import MINUTE, put_receipt

LONG_AGO = HOUR - 10_000


def _reach(
    *minutes: float, tenant: str = "acme", raw_tenant: str = "acme", whole: bool = False
) -> tuple[Stream, Reach]:
    """What is known of a stream whose receipts have their newest events these minutes into HOUR."""
    newest = [HOUR.start_nano + int(minute * MINUTE) for minute in minutes]
    hours = {tenant: frozenset(map(Hour.of_nano, newest))}
    until = Hour.of_nano(max(newest)) + 1
    return (raw_tenant, "app"), Reach(None, until, hours) if whole else Reach(max(newest), None, hours)


def _states(
    reaches: list[tuple[Stream, Reach]], pending: list[PendingRaw] | None = None, tenant: str = "acme"
) -> dict[str, str]:
    by_stream = {stream: joined(reach for of, reach in reaches if of == stream) for stream, _ in reaches}
    tables = completeness_rows(by_stream, pending or [], lambda _: 20, LONG_AGO)
    return {f"{row['event_hour']:%H}": row["state"] for row in tables[tenant].to_pylist()}


@pytest.mark.parametrize(
    ("watermark", "pending", "state"),
    [
        (None, [], OPEN),
        ((HOUR + 1).start_nano - 1, [], OPEN),
        ((HOUR + 1).start_nano, [], COMPLETE),
        ((HOUR + 1).start_nano, [HOUR + 1], COMPLETE),
        ((HOUR + 1).start_nano, [HOUR], BEHIND),
        ((HOUR + 1).start_nano, [HOUR - 5], BEHIND),
        (None, [HOUR], BEHIND),
    ],
)
def test_the_state_of_an_hour(watermark: int | None, pending: list[Hour], state: str) -> None:
    assert state_of(HOUR, watermark, pending) == state


@pytest.mark.parametrize(
    ("minute", "imported", "expected"),
    [
        (79.9, False, {"09": OPEN, "10": OPEN}),
        (80, False, {"09": COMPLETE, "10": OPEN}),
        (60, True, {"09": COMPLETE, "10": COMPLETE}),
    ],
    ids=["within its lateness", "past its lateness", "an import is whole"],
)
def test_an_hour_is_complete_when_the_watermark_reached_its_end(
    minute: float, imported: bool, expected: dict[str, str]
) -> None:
    assert _states([_reach(1), _reach(minute, whole=imported)]) == expected


def test_an_hour_without_events_is_known_to_be_empty() -> None:
    assert _states([_reach(1, 260)]) == {
        "09": COMPLETE,
        "10": COMPLETE,
        "11": COMPLETE,
        "12": COMPLETE,
        "13": OPEN,
    }


def test_an_unread_object_re_opens_what_follows_it() -> None:
    pending = [PendingRaw("acme", "app", HOUR + 1)]
    assert _states([_reach(1, 200)], pending) == {"09": COMPLETE, "10": BEHIND, "11": BEHIND, "12": BEHIND}


def test_the_slower_of_two_streams_of_a_source_decides() -> None:
    reaches = [_reach(1, 200), _reach(70, raw_tenant=MIXED)]
    assert _states(reaches) == {"09": OPEN, "10": OPEN, "11": OPEN, "12": OPEN}


def test_what_waits_in_a_mixed_source_concerns_every_tenant_of_it() -> None:
    reaches = [_reach(200, raw_tenant=MIXED), _reach(100, raw_tenant=MIXED, tenant="globex")]
    pending = [PendingRaw(MIXED, "app", HOUR)]
    assert set(_states(reaches, pending).values()) == {BEHIND}
    assert set(_states(reaches, pending, tenant="globex").values()) == {BEHIND}


def test_one_line_of_long_ago_does_not_make_a_row_an_hour() -> None:
    old = Reach(HOUR.start_nano, None, {"acme": frozenset({HOUR - 200_000, HOUR})})
    tables = completeness_rows({("acme", "app"): old}, [], lambda _: 20, HOUR - 3)
    assert [row["event_hour"].year for row in tables["acme"].to_pylist()] == [2002, 2025, 2025, 2025, 2025]


def test_the_table_follows_receipts_and_raw_objects(lake: Lake) -> None:
    receipt = put_receipt(lake)
    key = completeness_key("acme")
    assert refresh_completeness(lake, Declared({})) == [key]
    assert [row["state"] for row in rows_of(lake, key)] == [COMPLETE, OPEN]
    assert refresh_completeness(lake, Declared({})) == []
    lake.store.put(raw_prefix("acme", "app", HOUR) + "new.json", b"{}\n")
    assert refresh_completeness(lake, Declared({})) == [key]
    assert [row["state"] for row in rows_of(lake, key)] == [BEHIND, BEHIND]
    lake.store.delete(receipt.key)
    lake.store.delete(raw_prefix("acme", "app", HOUR) + "new.json")
    assert refresh_completeness(lake, Declared({})) == [key]
    assert lake.store.head(key) is None


def test_hours_that_become_complete_are_judged_anew_if_there_are_events_near(lake: Lake) -> None:
    put_receipt(lake)
    refresh_completeness(lake, Declared({}))
    assert marked(lake.store, "anomalies") == {}, "a year without an event is no year of silent hours"
    lake.store.delete(completeness_key("acme"))
    put_events(lake, [event()], hour=HOUR)
    refresh_completeness(lake, Declared({}))
    assert set(marked(lake.store, "anomalies")) == {str(HOUR)}
    assert set(marked(lake.store, "objectives")) == {HOUR.day}


def test_an_erased_tenant_is_in_no_table_whatever_receipts_still_say(lake: Lake) -> None:
    put_receipt(lake, tenant=MIXED, event_hours={str(HOUR): {"acme": 1, "globex": 1}})
    lake.store.put(tombstone_key("globex"), b"{}")
    assert refresh_completeness(lake, Declared({})) == [completeness_key("acme")]


# While a source's file is wrong ---------------------------------------------------------------------------------------

WRONG = Declared[SourceDefinition]({}, (Refused(Path("sources/app.yaml"), ConfigurationError("wrong")),))


def _declared(**fields: Any) -> Declared[SourceDefinition]:
    return Declared({"app": SourceDefinition(name="app", **fields)})


def _told(lake: Lake) -> list[str]:
    return [row["state"] for row in rows_of(lake, completeness_key("acme"))]


def test_an_hour_does_not_become_complete_because_a_file_breaks_that_allows_more_lateness(lake: Lake) -> None:
    put_receipt(lake)
    refresh_completeness(lake, _declared(lateness_minutes=120))
    assert _told(lake) == [OPEN, OPEN]
    assert refresh_completeness(lake, WRONG) == []
    refresh_completeness(lake, _declared())
    assert _told(lake) == [COMPLETE, OPEN]


def test_of_a_source_that_was_never_told_of_no_hour_is_complete_while_its_file_is_wrong(lake: Lake) -> None:
    put_receipt(lake)
    refresh_completeness(lake, WRONG)
    assert _told(lake) == [OPEN, OPEN]


def test_what_was_complete_stays_it_until_something_unread_arrives(lake: Lake) -> None:
    put_receipt(lake)
    refresh_completeness(lake, _declared())
    assert refresh_completeness(lake, WRONG) == []
    assert _told(lake) == [COMPLETE, OPEN]
    lake.store.put(raw_prefix("acme", "app", HOUR) + "new.json", b"{}\n")
    refresh_completeness(lake, WRONG)
    assert _told(lake) == [BEHIND, BEHIND]


def test_a_source_that_is_read_in_place_stays_behind_although_nobody_knows_where_its_objects_lie(
    lake: Lake, tmp_path: Path
) -> None:
    unread = tmp_path / "copy" / HOUR.start.strftime("dt=%Y-%m-%d/hour=%H") / "new.json"
    unread.parent.mkdir(parents=True)
    unread.write_text("{}\n", encoding="utf-8")
    put_receipt(lake, tenant=MIXED)
    refresh_completeness(lake, _declared(location=str(tmp_path / "copy")))
    assert _told(lake) == [BEHIND, BEHIND]
    assert refresh_completeness(lake, WRONG) == []


def test_a_wrong_file_changes_nothing_of_other_sources(lake: Lake) -> None:
    put_receipt(lake, source="other")
    refresh_completeness(lake, WRONG)
    assert _told(lake) == [COMPLETE, OPEN]
