"""The demo: sample logs with a known truth, in a lake of their own, from raw objects to a delivered incident."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import yaml

from logsight_assets.alarm_rules.live import Raised, evaluate_rules
from logsight_assets.failures import Failures
from logsight_assets.incidents.heartbeat import beat_of_rules
from logsight_assets.incidents.inbox import alarm_queue
from logsight_assets.incidents.records import IncidentRecords, incidents_of, tenants_with_incidents
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.waiting import Taken, take_in
from logsight_assets.lake import Lake, mark
from logsight_assets.metrics.named_metric import FOLDER as METRICS
from logsight_assets.sample.metric_file import NAME as PAYMENT_POOL
from logsight_assets.sample.metric_file import metric_definition, metric_objects
from logsight_assets.sample.shop import Shop, source_definitions
from logsight_assets.sample.spec import ShopSpec, last_full_hour
from logsight_assets.scratch import embedded_engine
from logsight_assets.timeline import Hour
from resources.queue import receipts_in


@dataclass(frozen=True)
class Loaded:
    """What was put into raw."""

    objects: int
    end: datetime

    @property
    def fault_day(self) -> str:
        """The day on which the known fault begins: in the last hour but one."""
        return (Hour.of(self.end) - 2).day


def raise_alarms(lake: Lake) -> Raised:
    """Evaluate the alarm rules once, as the sensor of a lake that is served does; alarms lie in the inbox then."""
    failures = Failures(lake)
    with embedded_engine(lake) as engine:
        raised = evaluate_rules(lake, engine, alarm_queue(lake).send, failures)
    beat_of_rules(lake, len(failures.held))
    failures.check()
    return raised


def take_alarms(lake: Lake) -> list[Taken]:
    """Take all alarms out of the inbox, as the sensor does: acknowledged when the next look is given the cursor."""
    looks = [take_in(lake, alarm_queue(lake), None)]
    while receipts_in(looks[-1].cursor):
        looks.append(take_in(lake, alarm_queue(lake), looks[-1].cursor))
    return looks


def main_incident(lake: Lake) -> IncidentRecords | None:
    """Of all incidents the one with most alarms, the earliest of several."""
    found = [
        IncidentRecords(lake, tenant, name)
        for tenant in tenants_with_incidents(lake.store)
        for name in incidents_of(lake.store, tenant)
    ]
    return min(found, key=lambda each: (-len(fold(each.all()).alarms), each.incident_id, each.tenant), default=None)


def _declare(lake: Lake, kind: str, definitions: Mapping[str, object]) -> None:
    """Write files that people could have written; those that are there stay."""
    folder = lake.config / kind
    folder.mkdir(parents=True, exist_ok=True)
    for name, definition in definitions.items():
        file = folder / f"{name}.yaml"
        if not file.exists():
            file.write_text(yaml.safe_dump(definition, sort_keys=False), encoding="utf-8")


def load_sample(lake: Lake, on_object: Callable[[int], None] = lambda _: None) -> Loaded:
    """Put the sample logs that end with the last full hour into raw; what is there already stays as it is."""
    spec = ShopSpec(end=last_full_hour(lake.clock()))
    _declare(lake, "sources", source_definitions(spec))
    _declare(lake, METRICS, {PAYMENT_POOL: metric_definition(spec)})
    for sample in metric_objects(spec):
        lake.store.put_if(sample.key, sample.data, None)
    put = 0
    hours = set()
    for sample in Shop(spec):
        if lake.store.put_if(sample.key, sample.data, None):
            put += 1
            parts = dict(part.split("=", 1) for part in sample.key.split("/") if "=" in part)
            hours.add(f"{parts['dt']}T{parts['hour']}")
        on_object(1)
    for hour in sorted(hours):
        mark(lake.store, "arrivals", hour, "demo")
    return Loaded(put, spec.end)
