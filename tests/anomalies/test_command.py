"""The verbs about signals, as people type them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.cli import main
from logsight_assets.lake import Lake
from logsight_assets.timeline import Hour
from resources.query_engine import DuckDBEngine

from .lakes import FIRST, LAST, fill, judge_all, row


@pytest.fixture
def faulty(lake: Lake, engine: DuckDBEngine) -> Lake:
    fill(lake, engine, last=400)
    judge_all(lake, engine)
    return lake


def run(lake: Lake, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--lake", lake.store.uri("x")[:-2], "--json"]) == 0
    held: dict[str, Any] = json.loads(capsys.readouterr().out)
    return held


SPAN = ("--from", str(FIRST), "--to", str(LAST + 1))


def test_episodes_are_listed(faulty: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = run(faulty, capsys, "anomalies", "list", *SPAN)["anomalies"]
    assert (found["tenant"], found["service"], found["metric"], found["direction"]) == (
        "acme",
        "shop",
        "event_count",
        "high",
    )
    assert (found["since"], found["hours"], found["state"]) == ("2025-05-31T09:00:00Z", 1, "anomaly")
    assert run(faulty, capsys, "anomalies", "list", *SPAN, "--service", "cart")["anomalies"] == []
    assert run(faulty, capsys, "anomalies", "list", *SPAN, "--tenant", "globex")["anomalies"] == []
    assert run(faulty, capsys, "anomalies", "list")["anomalies"] == [], "they are older than two days"


def test_an_episode_is_accepted_and_taken_back(
    faulty: Lake, engine: DuckDBEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    episode = row(faulty, LAST)["episode_id"]
    until = f"{Hour.of(faulty.clock()).start.year + 100}-01-01"
    accepting = ("anomalies", "accept", episode, "--why", "a sale", "--by", "ann", "--until", until)
    done = run(faulty, capsys, *accepting)
    assert (done["done"], done["episodes"][0]["service"]) == ("accepted", "shop")
    judge_all(faulty, engine)
    assert row(faulty, LAST)["state"] == "accepted"
    run(faulty, capsys, "anomalies", "accept", episode, "--remove")
    judge_all(faulty, engine)
    assert row(faulty, LAST)["state"] == "anomaly"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--why", "a sale"), "say why"),
        (("--until", "2199-01-01"), "say why"),
        (("--why", "a sale", "--until", "soon"), "give a span"),
        (("--why", "a sale", "--until", "2001-01-01"), "2001-01-01 00:00 UTC, which is over"),
    ],
)
def test_accepting_needs_a_reason_and_an_end(
    faulty: Lake, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    episode = row(faulty, LAST)["episode_id"]
    assert main(["anomalies", "accept", episode, *words, "--lake", faulty.store.uri("x")[:-2]]) == 2
    assert told in capsys.readouterr().err


def test_an_unknown_episode_is_said_to_be(faulty: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["anomalies", "accept", "0" * 16, "--why", "x", "--until", "2199-01-01"]
    assert main([*words, "--lake", faulty.store.uri("x")[:-2]]) == 2
    assert "anomalies list" in capsys.readouterr().err


def test_a_backtest_tells_its_figures(faulty: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.yaml"
    labels.write_text("incidents:\n- {name: sale, start: 2025-05-31T09:00:00Z, end: 2025-05-31T10:00:00Z}\n")
    days = ("--from", FIRST.day, "--to", FIRST.day)
    found = run(faulty, capsys, "backtest", *days, "--labels", str(labels))
    tried = [("anomalies", 1), ("error-ratio", 0), ("error-surge", 0)]
    assert [(each["rule"], each["alarms"]) for each in found["rules"]] == tried
    assert (found["alarms_a_day"], found["precision"], found["recall"], found["missed"]) == (1.0, 1.0, 1.0, [])
    assert main(["backtest", *days, "--lake", faulty.store.uri("x")[:-2]]) == 0
    assert "anomalies: 1 alarm, 1.00 a day" in capsys.readouterr().out


def test_days_are_in_order(faulty: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["backtest", "--from", "2025-06-02", "--to", "2025-06-01", "--lake", faulty.store.uri("x")[:-2]]
    assert main(words) == 2
    assert "must not be before" in capsys.readouterr().err
