"""Which of an incident's alarms an answer is about: the first, and a later one whose window no answer has looked at.

An answer reads the logs of one window. An alarm that goes off long after it tells of time that was not read: what
re-opens an incident is answered anew, and so is an alarm that joins or repeats where the logs showed no cause yet. A
cause that was found stands while the incident goes on; whoever shows it says as of when.
"""

from __future__ import annotations

from dataclasses import dataclass

from logsight_assets.incidents.alarm import Alarm, parse_alarm
from logsight_assets.incidents.episodes import ALARM
from logsight_assets.incidents.first_answer import EXPLAINED
from logsight_assets.incidents.records import IncidentRecords, Record
from logsight_assets.incidents.windows import Window

# Why an answer was made: each of these is the first about its alarm.
ALARM_CAME = "alarm"
WENT_OFF_AGAIN = "it went off again"
WENT_ON = "an alarm went off after its window"
OF_AN_ALARM = frozenset({ALARM_CAME, WENT_OFF_AGAIN, WENT_ON})
# What flaps all night is not told better by the hundredth answer, and each costs logs that are read, and a model.
_MOST = 12


@dataclass(frozen=True)
class DueAlarm:
    """An alarm that an answer is to be about."""

    record: Record
    reason: str

    @property
    def alarm(self) -> Alarm:
        return parse_alarm(self.record.body["event"])


def unanswered(records: IncidentRecords) -> DueAlarm | None:
    """The alarm that an answer is due about; None where all that went off is looked at, or has been often enough."""
    alarms = _alarms(records)
    answers = [record for record in records.all() if record.kind == "first_answer"]
    if not answers:
        return DueAlarm(alarms[0], ALARM_CAME)
    read = _window_read(records, len(answers))
    if sum(answer.body["reason"] in OF_AN_ALARM for answer in answers) >= _MOST or read is None:
        return None
    # Windows that overlap tell the same.
    later = [record for record in alarms if _window_of(record).start >= read.as_of]
    if again := [record for record in later if record.kind == "reopened"]:
        return DueAlarm(again[-1], WENT_OFF_AGAIN)
    if later and answers[-1].body["verdict"] != EXPLAINED:
        return DueAlarm(later[-1], WENT_ON)
    return None


def answered_alarm(records: IncidentRecords, number: int) -> Record:
    """The alarm that the answer of a number, from 1, is about."""
    evidence = records.find(f"evidence:{number}")
    named = records.find(evidence.body.get("about", "")) if evidence else None
    return named or _alarms(records)[0]


def _alarms(records: IncidentRecords) -> list[Record]:
    """Each time that an alarm went off, by the alarms' own clocks."""
    alarms = [record for record in records.all() if record.body.get("state") == ALARM]
    return sorted(alarms, key=lambda record: (record.body["unix_ms"], record.number))


def _window_read(records: IncidentRecords, number: int) -> Window | None:
    """The window that an answer is made from; None where that is not said."""
    evidence = records.find(f"evidence:{number}")
    basis = evidence.body.get("basis") if evidence else None
    return Window(**basis["window"]) if basis else None


def _window_of(record: Record) -> Window:
    """The window of an alarm, which may be far shorter than that of the alarm that was answered before it."""
    return Window.of(parse_alarm(record.body["event"]))
