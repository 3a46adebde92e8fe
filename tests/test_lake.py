"""Opening a lake, where its things lie, and the markers of waiting work."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logsight_assets import lake as layout
from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.lake import (
    Lake,
    hours_below,
    mark,
    marked,
    markers,
    open_lake,
    unmark,
    values,
)
from logsight_assets.timeline import Hour

BIRTH = datetime(2025, 6, 1, 12, tzinfo=UTC)
HOUR = Hour.of(BIRTH)


def opened(root: Path, at: datetime = BIRTH, **environment: str) -> Lake:
    return open_lake(str(root), environment, clock=lambda: at)


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


# Opening --------------------------------------------------------------------------------------------------------------


def test_a_lake_begins_400_days_before_its_birth(tmp_path: Path) -> None:
    assert opened(tmp_path).partitions_start == "2024-04-27"


def test_the_first_day_never_moves_with_the_clock(tmp_path: Path) -> None:
    first = opened(tmp_path).partitions_start
    assert opened(tmp_path, BIRTH + timedelta(days=1000)).partitions_start == first
    assert opened(tmp_path, BIRTH - timedelta(days=1000)).partitions_start == first


def test_the_settings_word_on_the_first_day_counts_more(tmp_path: Path) -> None:
    opened(tmp_path)
    (tmp_path / "logsight.yaml").write_text("partitions_start: 2020-01-01\n")
    assert opened(tmp_path).partitions_start == "2020-01-01"


def test_of_many_who_make_a_lake_at_once_one_decides(tmp_path: Path) -> None:
    def birth(number: int) -> str:
        return opened(tmp_path / "lake", BIRTH + timedelta(days=number)).partitions_start

    with ThreadPoolExecutor(8) as pool:
        starts = set(pool.map(birth, range(16)))
    assert len(starts) == 1
    assert files(tmp_path / "lake") == {".logsight/lake.json"}


def test_opening_makes_the_state_and_nothing_else(tmp_path: Path) -> None:
    opened(tmp_path / "deep" / "lake")
    assert files(tmp_path) == {"deep/lake/.logsight/lake.json"}


def test_the_clock_is_the_openers(tmp_path: Path) -> None:
    assert opened(tmp_path).now == HOUR


def test_state_and_configuration_lie_where_the_environment_says(tmp_path: Path) -> None:
    config = tmp_path / "etc" / "settings.yaml"
    config.parent.mkdir()
    config.write_text("engine: {threads: 3}\n")
    lake = opened(tmp_path / "lake", LOGSIGHT_STATE=str(tmp_path / "state"), LOGSIGHT_CONFIG=str(config))
    assert lake.settings.engine.threads == 3
    assert (lake.state, lake.config) == (tmp_path / "state", config.parent)
    assert files(tmp_path) == {"etc/settings.yaml", "state/lake.json"}


def test_empty_variables_are_as_if_they_were_not_set(tmp_path: Path) -> None:
    lake = opened(tmp_path, LOGSIGHT_STATE="", LOGSIGHT_CONFIG="")
    assert (lake.state, lake.config) == (tmp_path / ".logsight", tmp_path)


def test_a_configuration_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"LOGSIGHT_CONFIG.*none\.yaml is no file"):
        opened(tmp_path / "lake", LOGSIGHT_CONFIG=str(tmp_path / "none.yaml"))


def test_a_relative_path_does_not_move_with_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lake = open_lake("lake", {}, clock=lambda: BIRTH)
    lake.store.put("a", b"")
    assert lake.store.uri("a") == str(tmp_path / "lake" / "a")


def test_what_cannot_be_a_lake_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for location, said in {
        str(tmp_path / "file"): "is a file; give a folder",
        str(tmp_path / "file" / "lake"): "its state cannot be kept",
        "s3://bucket/lake": "only a folder can be a lake so far",
    }.items():
        with pytest.raises(UsageError, match=said):
            open_lake(location, {})


@pytest.mark.parametrize("held", ["", "{", "[]", "{}", '{"partitions_start": 5}', '{"partitions_start": "soon"}'])
def test_a_damaged_birth_record_says_what_to_do(tmp_path: Path, held: str) -> None:
    opened(tmp_path)
    (tmp_path / ".logsight" / "lake.json").write_text(held)
    with pytest.raises(ConfigurationError, match=r'lake\.json: partitions_start.*write \{"partitions_start"'):
        opened(tmp_path)
    (tmp_path / ".logsight" / "lake.json").write_text(json.dumps({"partitions_start": "2024-01-01"}))
    assert opened(tmp_path).partitions_start == "2024-01-01"


# Layout ---------------------------------------------------------------------------------------------------------------


def test_the_tenant_comes_first_in_every_key() -> None:
    """The paths of DESIGN §3, which other engines and people's scripts read."""
    shop, hour = "tenant=acme/source=shop/dt=2025-06-01/hour=12", "tenant=acme/dt=2025-06-01/hour=12"
    keys = {
        layout.raw_prefix("acme", "shop", HOUR): f"raw/{shop}/",
        layout.receipt_key("acme", "shop", HOUR, "id"): f"receipts/{shop}/id.json",
        layout.quarantine_key("acme", "shop", HOUR, "id"): f"quarantine/{shop}/id.jsonl.gz",
        layout.events_prefix("acme", HOUR): f"events/{hour}/",
        layout.event_file_name("shop", HOUR, "id"): "shop~2025-06-01T12~id.parquet",
        layout.late_prefix("acme", HOUR): f"late/{hour}/",
        layout.minute_key("t", "acme", HOUR): f"trends/t_minute/{hour}/part.parquet",
        layout.hour_key("t", "acme", HOUR.day): "trends/t_hour/tenant=acme/dt=2025-06-01/part.parquet",
        layout.day_key("t", "acme", HOUR.month): "trends/t_day/tenant=acme/month=2025-06/part.parquet",
        layout.patterns_key("acme", HOUR): f"patterns/{hour}/part.parquet",
        layout.completeness_key("acme"): "completeness/tenant=acme/part.parquet",
    }
    assert list(keys) == list(keys.values())


def test_a_certificate_does_not_name_the_tenant_that_was_erased() -> None:
    assert "acme" not in layout.certificate_key("acme")
    assert layout.certificate_key("acme") != layout.certificate_key("globex")


def test_values_and_hours_are_read_from_folders(tmp_path: Path) -> None:
    store = opened(tmp_path).store
    for key in ("raw/tenant=b/x", "raw/tenant=a/x", "raw/other/x", "raw/tenant=file"):
        store.put(key, b"")
    assert values(store, "raw/", "tenant") == ["a", "b"]
    for hour in (HOUR + 20, HOUR, HOUR + 1):
        store.put(f"events/tenant=a/{hour.path}/f", b"")
    assert list(hours_below(store, "events/tenant=a/")) == [HOUR, HOUR + 1, HOUR + 20]
    assert list(hours_below(store, "events/tenant=none/")) == []


# Markers --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return opened(tmp_path)


def test_a_marked_window_waits_until_its_markers_are_removed(lake: Lake) -> None:
    first = mark(lake.store, "hours", str(HOUR), "object-1")
    second = mark(lake.store, "hours", str(HOUR + 1), "object-1")
    mark(lake.store, "days", HOUR.day, "hour")
    assert marked(lake.store, "hours") == {str(HOUR): [first], str(HOUR + 1): [second]}
    assert markers(lake.store, "hours", str(HOUR)) == [first]
    unmark(lake.store, [first])
    assert marked(lake.store, "hours") == {str(HOUR + 1): [second]}
    assert set(marked(lake.store, "days")) == {HOUR.day}


def test_a_marker_put_while_an_older_one_is_worked_off_survives(lake: Lake) -> None:
    read = [mark(lake.store, "hours", str(HOUR), "object-1")]
    later = mark(lake.store, "hours", str(HOUR), "object-1")
    unmark(lake.store, read)
    assert marked(lake.store, "hours") == {str(HOUR): [later]}


def test_removing_a_marker_twice_is_fine(lake: Lake) -> None:
    key = mark(lake.store, "hours", str(HOUR), "object-1")
    for _ in range(2):
        unmark(lake.store, [key])
    assert marked(lake.store, "hours") == {}
    assert lake.store.folders("") == []


def test_windows_with_a_common_beginning_are_apart(lake: Lake) -> None:
    month = mark(lake.store, "months", "2025-06", "a")
    day = mark(lake.store, "days", "2025-06-01", "a")
    assert markers(lake.store, "months", "2025-06") == [month]
    assert markers(lake.store, "days", "2025-06") == []
    assert markers(lake.store, "days", "2025-06-01") == [day]
