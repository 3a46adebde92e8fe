"""Replay: an incident's summary made again from what is stored with it. Asks no model, writes and sends nothing.

The check always runs again on the stored answer. The prompt is made again from the stored facts, and the first answer
from the lake while that still holds what it was made from; where either differs, the replay says what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.incidents.alarm import parse_alarm
from logsight_assets.incidents.answer import Investigate
from logsight_assets.incidents.answered_alarm import answered_alarm
from logsight_assets.incidents.reanalysis import basis_now
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.runbooks import Runbook
from logsight_assets.incidents.summary.check import Known, check
from logsight_assets.incidents.summary.due import latest_answer, summary_key
from logsight_assets.incidents.summary.fact import Fact
from logsight_assets.incidents.summary.facts import facts_of
from logsight_assets.incidents.summary.prompt import make_prompt
from logsight_assets.incidents.summary.schema import MalformedAnswer, read_answer
from logsight_assets.incidents.summary.select import Selected
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import Lake
from logsight_assets.versions import CHECK_VERSION

_FIRST_CHECK = 1  # of summaries that were stored without a version
EQUAL, DIFFERS, IMPOSSIBLE = "equal", "differs", "impossible"


@dataclass(frozen=True)
class Part:
    """One part of an incident, made again."""

    name: str  # first_answer, prompt or check
    result: str  # EQUAL, DIFFERS or IMPOSSIBLE
    why: str = ""


@dataclass(frozen=True)
class Replayed:
    """All of it; where there is no summary, the first answer alone."""

    incident_id: str
    parts: tuple[Part, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing that could be made again came out otherwise."""
        return all(part.result != DIFFERS for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"is_equal": self.is_equal}


def replay(lake: Lake, records: IncidentRecords, investigate: Investigate) -> Replayed:
    """Make the latest answer and its summary again; UsageError for an incident without an answer."""
    number = latest_answer(records)
    evidence = records.find(f"evidence:{number}")
    if evidence is None:
        raise UsageError(f"incident {records.incident_id} has no answer yet: there is nothing to replay")
    parts = [_first_answer(lake, records, number, evidence.body, investigate)]
    summary = records.find(summary_key(number))
    if summary is not None and "prompt" in summary.body:
        parts += _summary(facts_of(evidence.body), summary.body)
    return Replayed(records.incident_id, tuple(parts))


def _first_answer(
    lake: Lake, records: IncidentRecords, number: int, evidence: Mapping[str, Any], investigate: Investigate
) -> Part:
    name, basis = "first_answer", evidence.get("basis")
    if evidence.get("failed") or not basis:
        return Part(name, IMPOSSIBLE, "its investigation failed")
    now = basis_now(lake, records.tenant, Window(**basis["window"]))
    if now.fingerprint != basis["fingerprint"]:
        return Part(name, IMPOSSIBLE, "the events of its window are not those that it was made from")
    found = investigate(lake, parse_alarm(answered_alarm(records, number).body["event"])).to_json()
    changed = [key for key in ("first_answer", "evidence") if _as_stored(found[key]) != evidence[key]]
    if not changed:
        return Part(name, EQUAL)
    why = "earlier hours, templates or LogSight itself changed"
    return Part(name, DIFFERS, f"{' and '.join(changed)} came out otherwise: {why}")


def _as_stored(value: Any) -> Any:
    """A value as JSON gives it back: tuples are lists there."""
    return json.loads(json.dumps(value))


def _summary(facts: Iterable[Fact], stored: Mapping[str, Any]) -> list[Part]:
    by_id = {fact.id: fact for fact in facts}
    runbooks = [Runbook.from_json(each) for each in stored["runbooks"]]
    shown = tuple(by_id[name] for name in stored["facts"] if name in by_id)
    selected = Selected(shown, tuple((kind, count) for kind, count in stored["left_out"]))
    return [_prompt(selected, runbooks, stored), _check(Known.of(shown, runbooks, stored["severity"]), stored)]


def _prompt(selected: Selected, runbooks: list[Runbook], stored: Mapping[str, Any]) -> Part:
    held = stored["prompt"]
    try:
        made = make_prompt(selected, runbooks, stored["severity"], held["version"], held["nonce"])
    except ConfigurationError as error:
        return Part("prompt", IMPOSSIBLE, str(error))
    if made.digest == held["hash"]:
        return Part("prompt", EQUAL)
    return Part("prompt", DIFFERS, f"version {held['version']} or the way facts are shown has changed")


def _check(known: Known, stored: Mapping[str, Any]) -> Part:
    if not stored["model"]:
        return Part("check", IMPOSSIBLE, "no model gave an answer in the schema")
    try:
        again = check(read_answer(stored["raw"]), known)
    except MalformedAnswer as error:
        return Part("check", DIFFERS, f"the stored answer is {error}")
    if again.verdicts_json() == stored["verdicts"] and again.summary == stored["summary"]:
        return Part("check", EQUAL)
    before = {verdict["place"]: verdict["reason"] for verdict in stored["verdicts"]}
    after = {verdict.place: verdict.reason for verdict in again.verdicts}
    places = sorted(place for place in before | after if before.get(place) != after.get(place))
    version = stored.get("check_version", _FIRST_CHECK)
    rules = "" if version == CHECK_VERSION else f"; version {version} of the check made it, this is {CHECK_VERSION}"
    return Part("check", DIFFERS, f"other verdicts on {', '.join(places[:5]) or 'its texts'}{rules}")
