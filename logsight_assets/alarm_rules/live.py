"""Every rule evaluated now, and what changed sent to the inbox. Only the sensor and the demo come here.

Backfills, replays and backtests do not: they judge the past, and nobody is woken for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from logsight_assets.alarm_rules.binding import BoundRule, read_bound_rules
from logsight_assets.alarm_rules.changes import Watched, change_event
from logsight_assets.alarm_rules.evaluate import ALARM, EXTRA_PERIODS, INSUFFICIENT_DATA, Point, Verdict, evaluate
from logsight_assets.alarm_rules.measure import (
    Services,
    Span,
    hours_back,
    minutes_of,
    nano,
    scores_of,
    tenants_of,
    watermark_of,
)
from logsight_assets.alarm_rules.points import CATCH_UP, MINUTE_NS, Known, Minutes, score_points, service_points
from logsight_assets.alarm_rules.rule import AlarmRule
from logsight_assets.alarm_rules.states import RuleStates, State, read_states, send_unsent, write_states
from logsight_assets.failures import Failures
from logsight_assets.lake import Lake
from resources.query_engine import QueryEngine

_LONGEST_SILENCE = 24 * 60  # minutes after which a service that was heard of counts as gone


@dataclass(frozen=True)
class Raised:
    """What one look at all rules did."""

    rules: int = 0
    alarms: int = 0  # series that are in alarm now
    changes: int = 0  # of state
    sent: int = 0  # to the inbox


def evaluate_rules(lake: Lake, engine: QueryEngine, send: Callable[[bytes], object], failures: Failures) -> Raised:
    """Look at every rule for every tenant; a change to or from alarm is sent.

    A service is looked at while it is heard of, and as long as its alarm is not over. A rule whose file is wrong fails
    and stands still, with the alarms that it has; the others are looked at.
    """
    declared = read_bound_rules(lake)
    declared.fail_each(failures.attempt)
    rules = list(declared.by_name.values())
    tenants = tenants_of(lake)
    known = {tenant: Known(watermark_of(lake, tenant), nano(lake.clock())) for tenant in tenants}
    raised = Raised(len(rules))
    for spanned, own in _by_span(lake, rules).items():
        minutes = minutes_of(lake, engine, tenants, spanned)
        for rule in own:
            for tenant in (name for name in tenants if rule.is_for(name)):
                done = _Watch(lake, rule, tenant, known[tenant], minutes.get(tenant, {})).look(send)
                raised = replace(
                    raised,
                    alarms=raised.alarms + done.alarms,
                    changes=raised.changes + done.changes,
                    sent=raised.sent + done.sent,
                )
    return raised


def minutes_back(rule: AlarmRule) -> int:
    """How far back a rule looks."""
    periods = (rule.evaluation_periods + EXTRA_PERIODS + 1) * rule.period_minutes + rule.overdue_minutes + CATCH_UP
    if rule.metric == "burn_rate":
        return periods + rule.long_window_minutes
    if rule.metric == "silence_minutes":
        return min(_LONGEST_SILENCE, periods + int(rule.threshold)) + periods
    return periods


def _by_span(lake: Lake, rules: Iterable[BoundRule]) -> Mapping[Span, list[BoundRule]]:
    """Rules of one environment are asked about at once."""
    found: dict[str | None, list[BoundRule]] = {}
    for rule in rules:
        found.setdefault(rule.environment, []).append(rule)
    return {
        Span(
            hours_back(lake.clock(), max(minutes_back(each.rule) for each in own)),
            environment,
            any(each.has_durations for each in own),
        ): own
        for environment, own in found.items()
    }


@dataclass(frozen=True)
class _Change:
    """A new state, and what the inbox is told of it: changes to and from alarm, and no others."""

    state: State
    event: str | None


@dataclass(frozen=True)
class _Watch:
    """One rule for one tenant."""

    lake: Lake
    bound: BoundRule
    tenant: str
    known: Known
    services: Services

    @property
    def rule(self) -> AlarmRule:
        return self.bound.rule

    def look(self, send: Callable[[bytes], object]) -> Raised:
        store, name = self.lake.store, self.rule.name
        sent = send_unsent(store, self.tenant, name, send)
        held = read_states(store, self.tenant, name)
        changes = {
            service: change
            for service, points in self._points(held).items()
            if (change := self._change(service, points, held)) is not None
        }
        states = {**held.states, **{service: change.state for service, change in changes.items()}}
        events = tuple(change.event for change in changes.values() if change.event is not None)
        if changes:
            if not write_states(store, self.tenant, name, RuleStates(states, events, held.version)):
                return Raised(sent=sent)  # somebody else looked at the same moment
            sent += send_unsent(store, self.tenant, name, send)
        return Raised(0, sum(state.value == ALARM for state in states.values()), len(changes), sent)

    def _points(self, held: RuleStates) -> dict[str, list[Point]]:
        in_alarm = {service for service, state in held.states.items() if state.value == ALARM}
        if self.rule.metric == "anomaly_score":
            hours = hours_back(self.lake.clock(), minutes_back(self.rule))
            scores = scores_of(self.lake, self.tenant, hours)
            names = self._chosen({*scores, *in_alarm})
            return {service: score_points(self.rule, scores.get(service, []), self.known) for service in names}
        none: Minutes = {}
        return {
            service: service_points(self.rule, self.services.get(service, none), self.known, self.bound.objective)
            for service in self._chosen({*self.services, *in_alarm})
        }

    def _chosen(self, names: set[str]) -> list[str]:
        only = self.bound.service
        return sorted(names if only is None else names & {only})

    def _change(self, service: str, points: list[Point], held: RuleStates) -> _Change | None:
        before = held.states.get(service, State(INSUFFICIENT_DATA, 0))
        verdict = evaluate(self.rule, points, before.value)
        if verdict.state == before.value:
            return None
        verdict = self._first(points, verdict, before)
        # Two changes of an alarm never share a time: it tells them apart.
        changed = max(self._time(verdict), before.changed_nano + 10**6)
        if ALARM not in (before.value, verdict.state):
            return _Change(State(verdict.state, changed), None)
        event = change_event(self.rule, Watched(self.tenant, service), before.value, verdict, changed)
        return _Change(State(verdict.state, changed), event.decode())

    def _first(self, points: list[Point], verdict: Verdict, before: State) -> Verdict:
        """The verdict with which the state came about: after a pause it may be older than this look.

        Evidence is looked for around that moment. An hour later the fault would be what was before, and normal.
        """
        reach = self.rule.evaluation_periods + EXTRA_PERIODS
        for end in range(len(points) - 1, reach - 1, -1):
            earlier = evaluate(self.rule, points[:end], before.value)
            if earlier.state != verdict.state or self._time(earlier) <= before.changed_nano:
                break
            verdict = earlier
        return verdict

    def _time(self, verdict: Verdict) -> int:
        """The end of the latest period that told: event time, so that evidence is looked for where it lies."""
        if not verdict.evaluated:
            return self.known.now
        return min(verdict.evaluated[-1].start_nano + self.rule.period_minutes * MINUTE_NS, self.known.now)
