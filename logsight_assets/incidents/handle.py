"""The incident run: every alarm that waits → its episode → its incident → evidence and first answer → delivery.

Each step can be done again and finds what was done: decisions on the board, records by their keys. An alarm stops
waiting only when all of it stands, so whoever is killed, or fails, is finished by the next run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from logsight_assets.failures import Failures
from logsight_assets.incidents.alarm_records import record_change
from logsight_assets.incidents.answer import Investigate, answer_incident
from logsight_assets.incidents.board import change_board, now_ms, read_board
from logsight_assets.incidents.episodes import ALARM, Board, Pair, Transition, Windows, decide, reach_ms
from logsight_assets.incidents.handover import hand_over
from logsight_assets.incidents.links import linked_services, services_seen
from logsight_assets.incidents.overview import refresh_rows
from logsight_assets.incidents.reanalysis import due_answers, watch, why_again
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.summary.due import want_summary
from logsight_assets.incidents.symptom import services_of
from logsight_assets.incidents.waiting import WaitingAlarm, read_waiting, waiting_keys
from logsight_assets.lake import Lake, is_erased
from logsight_assets.timeline import Hour


@dataclass
class Handled:
    """What a run did: counts, and ids of the incidents that it touched."""

    changes: int = 0  # of alarms' states
    incidents: dict[str, str] = field(default_factory=dict)  # id → tenant, in the order of their alarms
    opened: int = 0
    answered: int = 0
    erased: int = 0  # alarms of tenants that are erased

    def __add__(self, other: Handled) -> Handled:
        return Handled(
            self.changes + other.changes,
            self.incidents | other.incidents,
            self.opened + other.opened,
            self.answered + other.answered,
            self.erased + other.erased,
        )


def handle_waiting(lake: Lake, investigate: Investigate, failures: Failures) -> Handled:
    """Deal with all that waits, and with what arrives meanwhile; a tenant that fails keeps no other waiting.

    What arrives is recorded before the next answer is made, so that a burst hides no alarm for minutes.
    """
    run, seen = _Run(lake, investigate, failures), set[str]()
    while True:
        for tenant, keys in sorted(waiting_keys(lake).items()):
            if fresh := [key for key in keys if key not in seen]:
                seen.update(fresh)
                with failures.attempt(f"alarms of tenant {tenant}"):
                    run.take(tenant, fresh)
        if not run.unanswered:
            return run.handled
        run.answer_next()


_Incident = tuple[str, str]  # tenant, id
_UNRECORDED = ""  # in place of the tenant


@dataclass
class _Run:
    """What one run has taken, and has still to answer."""

    lake: Lake
    investigate: Investigate
    failures: Failures
    handled: Handled = field(default_factory=Handled)
    unanswered: dict[_Incident, None] = field(default_factory=dict)  # recorded, in the order of their alarms
    open_of: dict[str, set[_Incident]] = field(default_factory=dict)  # key of a waiting alarm → what it waits for

    def take(self, tenant: str, keys: list[str]) -> None:
        """Decide what a tenant's waiting alarms belong to, and record it."""
        if is_erased(self.lake.store, tenant):
            self.handled.erased += len(keys)
            self._settle(keys)
            return
        waiting = []
        for key in keys:
            with self.failures.attempt(f"waiting alarm {key.rpartition('/')[2]}"):
                waiting += read_waiting(self.lake, tenant, key)
        changes = with_services(self.lake, tenant, waiting)
        board = decide_changes(self.lake, tenant, list(changes.values()))
        for alarm in waiting:
            decision = board.decision(changes[alarm.key])
            assert decision is not None, "the board holds what was just decided"
            # What cannot be recorded is named so that no answer settles it: the alarm goes on waiting.
            waits_for = self.open_of[alarm.key] = {(_UNRECORDED, incident_id) for incident_id in decision.incidents}
            for incident_id in decision.incidents:
                with self.failures.attempt(f"incident {incident_id}"):
                    records = IncidentRecords(self.lake, tenant, incident_id)
                    self.handled.opened += not records.all()
                    record_change(records, alarm, changes[alarm.key], decision, board)
                    self.unanswered[tenant, incident_id] = None
                    waits_for.remove((_UNRECORDED, incident_id))
                    waits_for.add((tenant, incident_id))
        self._settle_done()

    def answer_next(self) -> None:
        """Answer the incident whose alarms have waited longest, and hand it to delivery."""
        incident = next(iter(self.unanswered))
        del self.unanswered[incident]
        tenant, incident_id = incident
        with self.failures.attempt(f"incident {incident_id}"):
            records = IncidentRecords(self.lake, tenant, incident_id)
            self.handled.answered += answer_incident(self.lake, records, self.investigate, self.failures)
            want_summary(self.lake, records)
            hand_over(self.lake, records)
            refresh_rows(self.lake, tenant, [incident_id])
            watch(self.lake, records)
            self.handled.incidents[incident_id] = tenant
            for waits_for in self.open_of.values():
                waits_for.discard(incident)
            self._settle_done()

    def _settle_done(self) -> None:
        """What stands in every incident that it belongs to waits no more."""
        done = [key for key, waits_for in self.open_of.items() if not waits_for]
        self._settle(done)
        self.handled.changes += len(done)
        for key in done:
            del self.open_of[key]

    def _settle(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.lake.store.delete(key)


def answer_again(lake: Lake, investigate: Investigate, failures: Failures) -> Handled:
    """Make the answers again that are due, because more of their window is there."""
    handled = Handled()
    for due in due_answers(lake):
        with failures.attempt(f"incident {due.incident_id}"):
            records = IncidentRecords(lake, due.tenant, due.incident_id)
            # A run that was killed may have answered, and not have told anybody.
            if reason := why_again(lake, records):
                handled.answered += answer_incident(lake, records, investigate, failures, reason)
            want_summary(lake, records)
            hand_over(lake, records)
            refresh_rows(lake, due.tenant, [due.incident_id])
            watch(lake, records)
            handled.incidents[due.incident_id] = due.tenant
    return handled


def with_services(lake: Lake, tenant: str, waiting: Iterable[WaitingAlarm]) -> dict[str, Transition]:
    """Each waiting alarm's change, by its key, with the services that it is about."""
    known: dict[Hour, list[str]] = {}
    found = {}
    for alarm in waiting:
        hour = Hour.of_nano(alarm.alarm.state_change_nano)
        if hour not in known:
            known[hour] = services_seen(lake, tenant, [hour - 1, hour])
        named = services_of(alarm.alarm, known[hour])
        # Names that no log knows still tell that two alarms are about the same thing.
        values = [value for _, _, value in alarm.alarm.dimensions if value != tenant]
        named = named or services_of(alarm.alarm, values)
        found[alarm.key] = alarm.transition(tuple(sorted(symptom.service for symptom in named)))
    return found


def decide_changes(lake: Lake, tenant: str, changes: list[Transition]) -> Board:
    """Decide which incident each change belongs to; what was decided before stands."""
    settings = lake.settings.incidents
    windows = Windows(settings.join_minutes, settings.reopen_minutes, settings.join_open_minutes)
    linked = _linked(lake, tenant, changes, read_board(lake, tenant), windows)
    return change_board(lake, tenant, lambda board: decide(board, changes, windows, now_ms(lake), linked))


def _linked(lake: Lake, tenant: str, changes: Iterable[Transition], board: Board, windows: Windows) -> frozenset[Pair]:
    """Links between services that have an alarm now and those of incidents near in time."""
    new = [change for change in changes if change.state == ALARM and board.decision(change) is None]
    if not new:
        return frozenset()
    first, last = min(change.unix_ms for change in new), max(change.unix_ms for change in new)
    services = {service for change in new for service in change.services}
    for name, standing in board.incidents.items():
        reach = reach_ms(board, name, windows)
        if standing.latest_ms >= first - reach and standing.opened_ms <= last + reach:
            services.update(standing.services)
    back = timedelta(minutes=windows.join_minutes) // timedelta(milliseconds=1)
    hours = {Hour.of_nano(moment * 1_000_000) for change in new for moment in (change.unix_ms, change.unix_ms - back)}
    return linked_services(lake, tenant, hours, services)
