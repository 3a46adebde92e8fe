"""From raw lines to the answer, through the real path."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from logsight_assets.cli import main
from logsight_assets.incidents.alarm import parse_alarm
from logsight_assets.incidents.investigate import investigate
from logsight_assets.lake import PLATFORM, open_lake
from logsight_assets.sample.shop import Shop, source_definitions
from logsight_assets.sample.spec import ShopSpec
from logsight_assets.timeline import Hour
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.incidents.events import alarm_event
from tests.incidents.scenes import NOON, alarm_on, lake_of, line_at, traffic
from tests.intake.lakes import read_all

FAULT = -70.0  # seconds from NOON: the alarm goes off a little later


def bank_fails(second: float, place: int, service: str, body: str) -> tuple[str, str] | None:
    """From FAULT on the bank finds no connection, and its callers pass that on."""
    if second < FAULT or place < 3:
        return None
    return {3: ("ERROR", "no connection left in pool of 20"), 4: ("ERROR", "charge of order 17 failed: 500"),
            5: ("ERROR", "order 17 failed: upstream 502")}[place]  # fmt: skip


def told(spoil: Any = bank_fails, **fields: Any) -> list[bytes]:
    return traffic(-900, 120, spoil, **fields)


def test_the_callee_is_suspected_and_its_line_is_shown(tmp_path: Path) -> None:
    found = investigate(lake_of(tmp_path, told()), alarm_on("shop"))
    answer = found.first_answer
    assert (answer.verdict, answer.suspects[0].service) == ("explained", "bank")
    assert (answer.templates[0].service, answer.templates[0].change) == ("bank", "new")
    bodies = {fact.event.event_id: fact.event.body for fact in found.evidence}
    assert [bodies[each] for each in answer.templates[0].example_event_ids] == ["no connection left in pool of 20"] * 5
    assert (found.tenant, [symptom.service for symptom in found.symptoms]) == (PLATFORM, ["shop"])
    assert answer.first_change_service == "bank"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"traceId": None}, id="no traces"),
        pytest.param({"severityNumber": None, "severityText": None}, id="no severities"),
        pytest.param({"traceId": None, "severityNumber": None, "severityText": None}, id="neither"),
    ],
)
def test_poor_logs_show_it_too(tmp_path: Path, fields: dict[str, Any]) -> None:
    answer = investigate(lake_of(tmp_path, told(**fields)), alarm_on("shop")).first_answer
    assert answer.verdict == "explained"
    assert "bank" in [suspect.service for suspect in answer.suspects[:3]]
    assert "bank" in [template.service for template in answer.templates[:5]]


def test_a_line_that_stops_is_shown_by_its_last_events(tmp_path: Path) -> None:
    def spoil(second: float, place: int, service: str, body: str) -> tuple[str, str] | None:
        return ("INFO", "") if second >= FAULT and place == 3 else None

    found = investigate(lake_of(tmp_path, told(spoil)), alarm_on("shop")).first_answer
    assert (found.verdict, found.suspects[0].service) == ("explained", "bank")
    assert (found.templates[0].change, found.templates[0].template) == ("stopped", "booked <NUM> for order <NUM>")
    assert len(found.templates[0].example_event_ids) == 5


def test_a_template_of_two_places_in_the_code_is_listed_once(tmp_path: Path) -> None:
    lines = [line_at(second, "bank", "Ledger#72 cannot book 30", severityNumber=17) for second in range(-800, 60, 200)]
    for place in ("72", "95"):
        lines += [
            line_at(second, "bank", f"Ledger#{place} cannot book 30", severityNumber=17) for second in range(-60, 60, 3)
        ]
    answer = investigate(lake_of(tmp_path, told(None) + lines), alarm_on("shop")).first_answer
    listed = [(template.service, template.template_id) for template in answer.templates]
    assert len(listed) == len(set(listed))
    assert answer.templates[0].service == "bank"


def test_a_line_whose_text_says_that_it_took_longer_is_shown(tmp_path: Path) -> None:
    def spoil(second: float, place: int, service: str, body: str) -> tuple[str, str] | None:
        milliseconds = 5312 if second >= FAULT else 12
        return ("INFO", f"booked 30 for order 17, took {milliseconds} ms") if place == 3 else None

    found = investigate(lake_of(tmp_path, told(spoil, traceId=None)), alarm_on("shop"))
    answer = found.first_answer
    assert (answer.verdict, answer.suspects[0].service) == ("explained", "bank")
    assert (answer.templates[0].change, answer.templates[0].service) == ("slower", "bank")
    bodies = {fact.event.event_id: fact.event.body for fact in found.evidence}
    shown = {bodies[each] for each in answer.templates[0].example_event_ids}
    assert shown == {"booked 30 for order 17, took 5312 ms"}


def test_normal_time_is_not_in_the_logs_when_they_are_complete(tmp_path: Path) -> None:
    tail = [line_at(3600, "shop", "order 17 is placed")]  # what moves the watermark on
    answer = investigate(lake_of(tmp_path, [*told(None), *tail]), alarm_on("shop")).first_answer
    assert answer.verdict == "not_in_logs"


def test_normal_time_is_incomplete_when_more_is_to_come(tmp_path: Path) -> None:
    found = investigate(lake_of(tmp_path, told(None)), alarm_on("shop"))
    assert (found.first_answer.verdict, found.inputs.is_complete) == ("incomplete", False)


def test_an_alarm_about_what_no_log_is_of_says_so_and_is_no_not_in_the_logs(tmp_path: Path) -> None:
    tail = [line_at(3600, "shop", "order 17 is placed")]
    found = investigate(lake_of(tmp_path, [*told(None), *tail]), alarm_on("warehouse"))
    assert (found.first_answer.verdict, found.inputs.is_complete) == ("incomplete", True)
    assert found.to_json()["completeness"]["missing"] == ["no logs of warehouse are in the lake, of the last 7 days"]


def test_an_alarm_about_a_service_whose_logs_ended_says_when(tmp_path: Path, engine: DuckDBEngine) -> None:
    early = [line_at(-3 * 86_400, "warehouse", "the last word"), line_at(-26 * 3600, "store", "other")]
    lake = lake_of(tmp_path, [*early, *told(None), line_at(3600, "shop", "order 17 is placed")])
    refresh(lake, engine, [Hour.of(NOON - timedelta(days=3))]).check()
    found = investigate(lake, alarm_on("warehouse"))
    assert found.first_answer.verdict == "incomplete"
    assert found.to_json()["completeness"]["missing"] == ["no logs of warehouse since 2025-05-29 11:00 UTC"]


def test_what_a_service_logged_after_the_window_says_nothing_of_since_when_there_is_none(
    tmp_path: Path, engine: DuckDBEngine
) -> None:
    early, late = (line_at(second, "warehouse", "a word") for second in (-3 * 86_400, 600))
    lake = lake_of(tmp_path, [early, *told(None), late, line_at(3600, "shop", "order 17 is placed")])
    refresh(lake, engine, [Hour.of(NOON - timedelta(days=3)), Hour.of(NOON)]).check()
    found = investigate(lake, alarm_on("warehouse"))
    assert found.to_json()["completeness"]["missing"] == ["no logs of warehouse since 2025-05-29 11:00 UTC"]


def test_a_service_that_fell_silent_is_a_finding_and_nothing_is_missing(tmp_path: Path) -> None:
    def silent(second: float, place: int, service: str, body: str) -> tuple[str, str] | None:
        return ("INFO", "") if second >= FAULT and service == "bank" else None

    found = investigate(lake_of(tmp_path, told(silent)), alarm_on("bank"))
    assert found.first_answer.suspects[0].service == "bank"
    assert found.to_json()["completeness"]["missing"] == []


def test_an_alarm_that_names_nothing_misses_nothing(tmp_path: Path) -> None:
    event = alarm_event("high load", tenant=None)
    event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] = {}
    assert investigate(lake_of(tmp_path, told(None)), parse_alarm(event)).to_json()["completeness"]["missing"] == []


def test_an_empty_lake_gives_an_answer(tmp_path: Path) -> None:
    found = investigate(lake_of(tmp_path, []), alarm_on("shop"))
    assert (found.first_answer.verdict, found.first_answer.suspects, found.events_read) == ("incomplete", (), 0)


def test_a_history_of_seconds_is_enough_for_a_failure(tmp_path: Path) -> None:
    lines = traffic(FAULT - 10, 60, bank_fails)
    answer = investigate(lake_of(tmp_path, lines), alarm_on("shop")).first_answer
    assert (answer.verdict, answer.suspects[0].service) == ("explained", "bank")


def test_what_happens_after_the_window_is_no_evidence(tmp_path: Path) -> None:
    def later(second: float, place: int, service: str, body: str) -> tuple[str, str] | None:
        return bank_fails(FAULT, place, service, body) if second >= 61 else None

    found = investigate(lake_of(tmp_path, told(later)), alarm_on("shop"))
    assert found.first_answer.verdict != "explained"
    assert found.window.as_of == found.alarm.state_change_nano + 60 * 10**9
    assert all(fact.event.time_unix_nano < found.window.as_of for fact in found.evidence)


def test_the_same_lake_and_alarm_give_the_same_answer(tmp_path: Path) -> None:
    lines = told()
    once = investigate(lake_of(tmp_path / "a", lines), alarm_on("shop")).to_json()
    # The same lines in another order: other raw objects, other places of the events in them.
    again = investigate(lake_of(tmp_path / "b", lines[::-1]), alarm_on("shop")).to_json()
    assert [each["service"] for each in once["first_answer"]["suspects"]] == [
        each["service"] for each in again["first_answer"]["suspects"]
    ]
    same = investigate(lake_of(tmp_path / "a", lines), alarm_on("shop")).to_json()
    assert json.dumps(once, sort_keys=True) == json.dumps(same, sort_keys=True)


def test_an_alarm_of_a_tenant_reads_that_tenant_alone(tmp_path: Path) -> None:
    lines = traffic(-900, 120) + told(resource={"tenant.id": "globex"}, tenant=None)
    event = alarm_event("shop-5xx", service="shop", tenant="acme")
    found = investigate(lake_of(tmp_path, lines), parse_alarm(event))
    assert found.tenant == "acme"
    assert found.first_answer.verdict != "explained"


def test_the_verb_prints_the_answer_and_escapes_what_logs_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(second: float, place: int, service: str, body: str) -> tuple[str, str] | None:
        return ("ERROR", "no connection \x1b[31m left") if second >= FAULT and place == 3 else None

    lake_of(tmp_path / "lake", told(spoil))
    file = tmp_path / "alarm.json"
    file.write_text(json.dumps(alarm_event("shop-5xx", service="shop", tenant=None)))
    assert main(["investigate", str(file), "--lake", str(tmp_path / "lake")]) == 0
    text = capsys.readouterr().out
    assert "bank" in text
    assert "\x1b" not in text
    assert main(["investigate", str(tmp_path / "none.json"), "--lake", str(tmp_path / "lake")]) == 2


def test_the_verb_tells_the_incident_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = lake_of(tmp_path / "lake", told())
    file = tmp_path / "alarm.json"
    file.write_text(json.dumps(alarm_event("shop-5xx", service="shop", tenant=None)))
    for _ in range(2):  # an episode that has an incident is told once
        capsys.readouterr()
        assert main(["investigate", str(file), "--lake", str(tmp_path / "lake"), "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        (told_to,) = document["deliveries"]
        assert (told_to["channel"], told_to["state"], told_to["revision"]) == ("outbox", "told", told_to["wanted"])
        name = document["incident_id"]
        message = f"incident={name}/channel=outbox/message.json"
        assert [entry.key for entry in lake.store.list("outbox/") if message in entry.key]


def test_the_known_fault_of_the_sample_is_found(tmp_path: Path) -> None:
    end = datetime(2025, 6, 4, 15, tzinfo=UTC)
    spec = ShopSpec(end=end, hours=3, events_per_hour=1500)
    lake = open_lake(str(tmp_path), {}, None, lambda: end)
    folder = lake.config / "sources"
    folder.mkdir()
    for name, definition in source_definitions(spec).items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(definition))
    shop = Shop(spec)
    for sample in shop:
        lake.store.put(sample.key, sample.data)
    read_all(lake)
    fault = shop.truth.fault
    assert fault is not None
    event = alarm_event("checkout-5xx", service="checkout", tenant=None)
    change = datetime.fromtimestamp(fault.start_time / 1e9 + 600, UTC)
    event["detail"]["state"] |= {
        "timestamp": change.isoformat(timespec="milliseconds"),
        "reasonData": json.dumps({"period": 300, "recentDatapoints": [4.0, 9.0]}),
    }
    answer = investigate(lake, parse_alarm(event)).first_answer
    assert (answer.verdict, answer.suspects[0].service) == ("explained", fault.service)
    constants = [template["constant"] for template in fault.templates if template["service"] == fault.service]
    shown = [template.template for template in answer.templates[:5] if template.service == fault.service]
    assert any(constant.strip()[:12] in text for constant in constants for text in shown)
