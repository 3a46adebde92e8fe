"""`logsight report`, as people run it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from logsight_assets.cli.main import main
from logsight_assets.demo import Loaded
from logsight_assets.lake import Lake
from logsight_assets.sample.spec import ShopSpec
from logsight_assets.timeline import Hour
from tests.reports.lakes import BEFORE, DAY, Lines, put_states, put_trends, whole_days

BIDI = "gpj.\u202eexe \x1b[31m"


@pytest.fixture
def place(lake: Lake) -> str:
    lines = [Lines(f"{day}T{hour:02}", 30) for day in (DAY, BEFORE) for hour in range(24)]
    for tenant in ("acme", "globex"):
        put_trends(lake, tenant, [*lines, Lines(f"{DAY}T03", 60, 60, pattern=5, mask=BIDI, service=BIDI)])
        put_states(lake, tenant, whole_days("shop", DAY, BEFORE))
    return str(Path(lake.store.uri("x")).parent)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["report", *arguments])
    held = capsys.readouterr()
    return code, held.out, held.err


def test_it_prints_what_changed_and_the_path(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--lake", place, "--tenant", "acme")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "Tuesday 10 June 2025: acme", "the last full day that has data"
    assert lines[1] == "  1. gpj.\\u202eexe \\x1b[31m appeared: 60 events, all errors, none the day before."
    assert lines[2].startswith("  2. A new template in gpj.\\u202eexe \\x1b[31m (60 lines, all errors): gpj.")
    assert "\u202e" not in out
    assert "\x1b" not in out
    assert Path(lines[-1].strip()).read_text("utf-8").startswith("<!doctype html>")


def test_its_document_names_every_report(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--lake", place, "--json", "--day", DAY)
    document = json.loads(out)
    assert (code, document["kind"], document["period"]) == (0, "daily", DAY)
    assert [each["tenant"] for each in document["reports"]] == ["acme", "globex", "_platform"]
    assert document["path"] == document["reports"][-1]["path"], "of several tenants the platform's comes first"
    for each in document["reports"]:
        assert Path(each["path"]).exists()
        assert Path(each["numbers"]).exists()
        assert 1 <= len(each["headlines"]) <= 5
        assert (each["is_new"], each["inputs_changed"], each["inputs_gone"]) == (True, False, False)


def test_it_says_that_inputs_changed_and_makes_it_again_when_asked(
    place: str, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--lake", place, "--tenant", "acme", "--week", "2025-W24")
    run(capsys, *arguments)
    put_trends(lake, "acme", [Lines(f"{DAY}T03", 7), Lines(f"{BEFORE}T03", 7)])
    assert "inputs have changed since" in run(capsys, *arguments)[1]
    assert json.loads(run(capsys, *arguments, "--json")[1])["reports"][0]["inputs_changed"] is True
    assert "In all 14 events" in run(capsys, *arguments, "--again")[1]


def test_of_a_single_tenant_the_path_is_its_page(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T03", 7)])
    place = str(Path(lake.store.uri("x")).parent)
    document = json.loads(run(capsys, "--lake", place, "--json")[1])
    assert "tenant=acme" in document["path"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--day", "2025-6-1"], "YYYY-MM-DD"),
        (["--week", "2025-23"], "YYYY-Www"),
        (["--day", "2001-01-01"], "no trends of 2001-01-01"),
        (["--tenant", "nobody"], "tenant nobody: no trends"),
        (["--tenant", "../x"], "must match"),
    ],
)
def test_wrong_usage_says_what_to_do(
    place: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, out, err = run(capsys, "--lake", place, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_the_demo_ends_with_the_report_of_its_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logsight_assets.demo.ShopSpec", partial(ShopSpec, hours=3, events_per_hour=30))
    assert main(["demo", "--lake", str(tmp_path / "demo"), "--json"]) == 0
    page = Path(json.loads(capsys.readouterr().out)["report"])
    assert "/tenant=_platform/daily/" in str(page)
    assert b"What changed" in page.read_bytes()


@pytest.mark.parametrize(
    ("end", "day"), [("2025-06-03T14", "2025-06-03"), ("2025-06-03T01", "2025-06-02"), ("2025-06-03T00", "2025-06-02")]
)
def test_the_day_of_the_fault_is_the_one_on_which_it_begins(end: str, day: str) -> None:
    assert Loaded(1, Hour.parse(end).start).fault_day == day
