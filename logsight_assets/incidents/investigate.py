"""From an alarm to the first answer: a pure function of the lake and the alarm. Nothing is stored, no clock is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.alarm_metric import Looked, alarm_metric
from logsight_assets.incidents.examples import Example, examples_of
from logsight_assets.incidents.first_answer import EXPLAINED, FirstAnswer, answer, changes
from logsight_assets.incidents.inputs import Inputs, inputs_of
from logsight_assets.incidents.normal_hours import NormalHours, beyond_since, unexplained
from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.ranking import rank
from logsight_assets.incidents.reading import Pattern, files_of, observe, readable_tenants
from logsight_assets.incidents.seen_templates import Label
from logsight_assets.incidents.signals.attributes import shared_by_failing
from logsight_assets.incidents.symptom import SymptomService, services_of, tenant_of
from logsight_assets.incidents.trend_rows import TrendRows, trend_rows
from logsight_assets.incidents.unheard import unheard
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import PLATFORM, Lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.templates.labels import labels

_TREND_SUSPECTS = 5  # likeliest causes whose trend rows are evidence


@dataclass(frozen=True)
class Evidence:
    """A numbered fact that a statement can cite."""

    number: int
    kind: str  # event
    change: str  # of its template: new, surging, stopped or slower
    template_id: str
    event: Example


@dataclass(frozen=True)
class Investigation:
    """What the lake says about an alarm up to `window.as_of`."""

    alarm: Alarm
    tenant: str  # or PLATFORM, which reads across tenants
    window: Window
    symptoms: tuple[SymptomService, ...]
    first_answer: FirstAnswer
    evidence: tuple[Evidence, ...]
    trends: TrendRows
    metric: Looked  # for the alarm's own
    inputs: Inputs
    missing: tuple[str, ...]  # logs of what the alarm is about, or a time that is normal; in words
    events_read: int

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries, the shape of `logsight investigate --json`."""
        return {
            "alarm": asdict(self.alarm),
            "tenant": self.tenant,
            "window": asdict(self.window),
            "symptoms": [asdict(symptom) for symptom in self.symptoms],
            "first_answer": self.first_answer.to_json(),
            "evidence": [
                {**asdict(fact.event), "number": fact.number, "kind": fact.kind, "change": fact.change,
                 "template_id": fact.template_id}
                for fact in self.evidence
            ],
            "trends": self.trends.to_json(),
            "metric": self.metric.series.to_json() if self.metric.series else None,
            "completeness": self.inputs.to_json() | {"missing": [*self.missing, *self.metric.missing]},
            "events_read": self.events_read,
        }  # fmt: skip


def investigate(lake: Lake, alarm: Alarm) -> Investigation:
    """Answer an alarm from the lake alone. An alarm that names no tenant belongs to the platform: all are read."""
    window = Window.of(alarm)
    tenants = readable_tenants(lake)
    tenant = tenant_of(alarm, tenants)
    read = [tenant] if tenant else [*tenants, PLATFORM]
    normal = NormalHours(lake, alarm, read, window)
    files = files_of(lake, read, window, normal.kind_of)
    inputs = inputs_of(lake, read, window, files.time.hours)
    with embedded_engine(lake, keeps_order=False) as engine, engine.session() as session:
        metric = alarm_metric(session, lake, alarm, read, window)
        time = files.time.without(beyond_since(metric.series, window))
        observed = observe(session, files, time, _known(lake, read))
        symptoms = services_of(alarm, observed.services, dict(observed.hosts))
        ranking = rank(observed, [observed.services.index(symptom.service) for symptom in symptoms])
        changed = changes(ranking)
        examples = examples_of(session, observed, changed, time.since)
        first = ranking.suspects[0] if ranking.suspects else None
        services = {each.service for each in symptoms}
        services |= {observed.services[each.service] for each in ranking.suspects[:_TREND_SUSPECTS]}
        trends = trend_rows(session, lake, read, time, services)
        attributes = shared_by_failing(session, observed, first.service, first.findings) if first else []
    names = [each.service for each in symptoms]
    silent = () if symptoms else unheard(lake, alarm, read, window)
    standing = normal.standing(names)
    shows_all = inputs.is_complete and not silent and not standing
    first_answer = answer(observed, ranking, examples, attributes, is_complete=shows_all)
    evidence = _evidence(observed, [(finding.template or 0, finding.kind) for finding in changed], examples)
    return Investigation(
        alarm,
        tenant or PLATFORM,
        window,
        tuple(symptoms),
        first_answer,
        evidence,
        trends,
        metric,
        inputs,
        (*silent, *unexplained(standing, is_explained=first_answer.verdict == EXPLAINED, is_normal=time.is_normal)),
        observed.events,
    )


def _known(lake: Lake, tenants: Sequence[str]) -> dict[Pattern, Label]:
    """Labels of the registry; where tenants share a service, the first tenant's."""
    found: dict[Pattern, Label] = {}
    for tenant in tenants:
        for row in labels(lake, tenant).to_pylist():
            label = Label(row["template_id"], row["template"])
            found.setdefault((row["service"] or "", row["pattern_id"]), label)
    return found


def _evidence(
    observed: Observed, changed: Sequence[tuple[int, str]], examples: Mapping[int, Sequence[Example]]
) -> tuple[Evidence, ...]:
    facts = [
        (change, observed.templates[number].template_id, example)
        for number, change in changed
        for example in examples.get(number, ())
    ]
    return tuple(
        Evidence(number, "event", change, template_id, example)
        for number, (change, template_id, example) in enumerate(facts, 1)
    )
