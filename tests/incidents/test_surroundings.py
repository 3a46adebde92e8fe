"""What stands around an incident is evidence too, and nothing of it is later than `as_of`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from logsight_assets.failures import Failures, WindowsFailed
from logsight_assets.incidents.handle import handle_waiting
from logsight_assets.incidents.investigate import investigate
from logsight_assets.incidents.people import name_cause
from logsight_assets.incidents.records import find_incident
from logsight_assets.incidents.show import incident_text
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.lake import Lake, anomalies_key, slo_key, templates_key
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.hours import due_hours, refresh_metrics
from logsight_assets.parquet import parquet_bytes
from logsight_assets.reader.ask import ask
from logsight_assets.tables import ANOMALIES, SLO, TEMPLATES
from logsight_assets.timeline import Hour
from logsight_assets.trends.hours import refresh_hour
from resources.query_engine import DuckDBEngine
from tests.incidents.events import alarm_event, body, explains, handle
from tests.incidents.scenes import alarm_on, lake_of, traffic
from tests.intake.lakes import HOUR, flat_line, make_lake, put_raw, read_all
from tests.metrics.otlp_files import attributes, increase, name_metric, put_metrics, request, value


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = make_lake(tmp_path / "lake")
    put_raw(made, [flat_line(minute=20)])
    read_all(made)
    return made


def told(lake: Lake, name: str = "checkout-5xx", minute: float = 0, **fields: Any) -> None:
    put_waiting(lake, body(alarm_event(name, minute=minute, **fields)), known_tenants(lake))


def evidence(lake: Lake, part: str = "20250601-1030") -> dict[str, Any]:
    (found,) = (record.body for record in find_incident(lake, part).all() if record.kind == "evidence")
    return dict(found)


def put_anomaly(
    lake: Lake, hour: Hour, service: str, score: float = 9.0, state: str = "anomaly", template_id: str = ""
) -> None:
    row = {
        "hour_time": hour.start.replace(tzinfo=None), "service": service, "template_id": template_id,
        "metric": "event_count", "observed": 900.0, "sample_size": 900, "expected_low": 90.0, "expected_high": 110.0,
        "baseline": "recent", "baseline_size": 24, "score": score, "direction": "high", "state": state,
        "episode_id": f"{service}-1", "example_event_ids": "[]",
        "reason": "900 events; 90 to 110 events expected from the last 24 usable hours",
    }  # fmt: skip
    table = pa.Table.from_pylist([row], ANOMALIES.arrow_schema)
    lake.store.put(anomalies_key("acme", hour), parquet_bytes(table, ANOMALIES, {}))


def test_an_anomaly_of_a_template_says_which_line_it_is(lake: Lake) -> None:
    put_anomaly(lake, HOUR - 1, "checkout", template_id="t1")
    row = {"service": "checkout", "template_id": "t1", "template": "order <NUM> failed"}
    table = pa.Table.from_pylist([row], TEMPLATES.arrow_schema)
    lake.store.put(templates_key("acme"), parquet_bytes(table, TEMPLATES, {}))
    told(lake)
    handle(lake)
    (found,) = evidence(lake)["anomalies"]
    assert found["template"] == "order <NUM> failed"
    assert "24 usable hours: order <NUM> failed" in incident_text(find_incident(lake, "20250601-1030"))


def put_objectives(lake: Lake, *rows: tuple[Hour, str, str]) -> None:
    """(hour, service, state): one objective a service."""
    figures = {"total_count": 100, "bad_count": 20, "window_total_count": 900, "window_bad_count": 25,
               "budget_left_ratio": 0.25, "burn_rate_1h": 20.0, "burn_rate_6h": 3.0, "burn_rate_3d": 1.0,
               "coverage_ratio": 0.9, "kind": "availability", "target": 0.99}  # fmt: skip
    made = [
        {"objective": f"{service}-up", "hour_time": hour.start.replace(tzinfo=None), "service": service,
         "state": state, **figures}
        for hour, service, state in sorted(rows, key=lambda row: (row[1], row[0]))
    ]  # fmt: skip
    table = pa.Table.from_pylist(made, SLO.arrow_schema)
    lake.store.put(slo_key("acme", HOUR.day), parquet_bytes(table, SLO, {}))


def test_anomalies_of_hours_that_ended_are_evidence_those_of_the_open_hour_are_not(lake: Lake) -> None:
    put_anomaly(lake, HOUR - 2, "checkout")
    put_anomaly(lake, HOUR - 1, "checkout", score=12.0, state="standing")
    put_anomaly(lake, HOUR, "payment", score=99.0)
    told(lake)
    handle(lake)
    (found,) = evidence(lake)["anomalies"]
    assert (found["service"], found["score"], found["state"]) == ("checkout", 12.0, "standing")
    assert (found["since_unix_nano"], found["last_hour_unix_nano"]) == ((HOUR - 2).start_nano, (HOUR - 1).start_nano)
    assert "checkout, event_count: 900 events; 90 to 110" in incident_text(find_incident(lake, "20250601-1030"))


def test_objectives_of_its_services_and_those_that_burn_are_evidence(lake: Lake) -> None:
    put_objectives(
        lake,
        (HOUR - 1, "checkout", "met"),
        (HOUR, "checkout", "exhausted"),
        (HOUR - 1, "search", "met"),
        (HOUR - 1, "mail", "burning"),
    )
    told(lake)
    handle(lake)
    found = evidence(lake)["objectives"]
    assert [(row["objective"], row["state"]) for row in found] == [("checkout-up", "met"), ("mail-up", "burning")]
    assert found[0]["hour_unix_nano"] == (HOUR - 1).start_nano
    shown = incident_text(find_incident(lake, "20250601-1030"))
    assert "mail-up of mail: burning, budget 25% left, burning at 20.0 in the last hour" in shown


def test_earlier_incidents_of_a_service_come_with_the_cause_that_a_person_named(lake: Lake) -> None:
    told(lake, "checkout-slow", minute=-600)
    told(lake, "search-slow", minute=-500, service="search")
    # The second is about another service, and its first suspect is this one's too.
    handle(lake)
    name_cause(lake, find_incident(lake, "20250601-0030"), "bank", "jo", "looked")
    told(lake)
    handle(lake)
    found = evidence(lake)["earlier_incidents"]
    assert [row["incident_id"][:13] for row in found] == ["20250601-0210", "20250601-0030"]
    assert [(row["cause_named"], row["cause"], row["suspect"]) for row in found] == [
        (False, None, "payment"),
        (True, "bank", "payment"),
    ]
    shown = incident_text(find_incident(lake, "20250601-1030"))
    assert "checkout-slow: the cause was bank, as a person said" in shown
    assert evidence(lake, "20250601-0030")["earlier_incidents"] == []


def test_a_table_that_cannot_be_read_leaves_an_answer_that_says_so(lake: Lake) -> None:
    lake.store.put(anomalies_key("acme", HOUR - 1), b"no parquet")
    told(lake)
    failures = Failures(lake)
    handle_waiting(lake, explains, failures)
    with pytest.raises(WindowsFailed, match="anomalies of incident"):
        failures.check()
    found = evidence(lake)
    assert found["first_answer"]["verdict"] == "explained"
    (missing,) = found["completeness"]["missing"]
    assert missing.startswith("anomalies could not be read: ArrowInvalid")
    assert "anomalies could not be read" in incident_text(find_incident(lake, "20250601-1030"))


def test_trend_rows_come_out_of_the_stored_query(tmp_path: Path, engine: DuckDBEngine) -> None:
    lake = lake_of(tmp_path, traffic(-900, 120, tenant="acme"))
    refresh_hour(lake, engine, HOUR)
    found = investigate(lake, alarm_on("shop")).to_json()["trends"]
    counts = {(row["service"], row["is_incident"]): (row["minute_count"], row["event_count"]) for row in found["rows"]}
    # A minute of the window's half after the change: it ends at 10:31.
    assert counts["shop", 0] == (13, 2 * 13 * 60)
    assert counts["shop", 1] == (3, 2 * 3 * 60)
    assert ask(lake, found["sql"]).rows == [dict(row) for row in found["rows"]]


def test_the_alarms_own_metric_is_evidence_with_its_query(lake: Lake) -> None:
    dimensions = {"ServiceName": "checkout", "tenant": "acme"}
    name_metric(lake, "errors", namespace="Shop", metric="5xx", dimensions=dimensions, statistics=["Sum"])
    points = [value(60 * n + 30, 2.0 + n, 60 * n, attributes=attributes(dimensions)) for n in range(40)]
    put_metrics(lake, [request(increase("5xx", *points, temporality=1))])
    take_in(lake)
    for hour in sorted(due_hours(lake)):
        refresh_metrics(lake, hour)
    told(lake)
    failures = Failures(lake)
    handle_waiting(lake, investigate, failures)
    failures.check()
    found = evidence(lake)["metric"]
    assert (found["metric"], found["value_at_alarm"], found["baseline_max"]) == ("errors", 31.0, 30.0)
    assert len(ask(lake, found["sql"]).rows) == len(found["points"])
    shown = incident_text(find_incident(lake, "20250601-1030"))
    assert "Metric errors, Sum: at the alarm 31, median before 16, most before 30" in shown


def test_a_source_of_metrics_that_cannot_be_asked_fails_no_run_and_is_said(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", {"metrics.adapter": "cloudwatch"})
    told(lake)
    handle(lake)
    (missing,) = evidence(lake)["completeness"]["missing"]
    assert missing.startswith("the alarm's metric could not be fetched: ConfigurationError")
    assert evidence(lake)["first_answer"]["verdict"] == "explained"
