"""A draft: for what it would be a runbook, and its steps. As a file it is a runbook like any that people write."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import yaml

from logsight_assets.incidents.state import IncidentState
from logsight_assets.incidents.summary.plain import is_name
from logsight_assets.incidents.summary.words import LOOKS
from logsight_assets.visible import visible

_TEMPLATES = 3  # that it is matched by
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Draft:
    """What stands in the record, and once approved in the file."""

    name: str  # of the file
    title: str
    alarms: tuple[str, ...]
    services: tuple[str, ...]
    templates: tuple[str, ...]  # ids
    steps: tuple[str, ...]

    @classmethod
    def of(cls, incident_id: str, state: IncidentState, steps: Sequence[str]) -> Draft:
        """A draft for what an incident was about: its alarms, its first suspect, the lines that changed there."""
        suspect = suspect_of(state)
        names = sorted({alarm.name for alarm in state.alarms.values()})
        changed = [each for each in state.answer.get("templates", ()) if each["service"] == suspect]
        slug = _NOT_IN_A_NAME.sub("-", (suspect or "incident").lower()).strip("-")[:40] or "incident"
        return cls(
            name=f"{slug}-{incident_id[-6:]}",
            title=f"{suspect or 'Unknown cause'}, alarm {visible(names[0])}"[:200],
            alarms=tuple(glob.escape(name) for name in names),
            services=(suspect,) if suspect else (),
            templates=tuple(each["template_id"] for each in changed[:_TEMPLATES]),
            steps=tuple(steps),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Draft:
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in held.items()}
        return cls(**fields)

    def markdown(self, approved_by: str = "", approved: date | None = None) -> str:
        """The file; without a name and a day it is a draft, which matches nothing."""
        front: dict[str, Any] = {"title": self.title}
        front |= {name: list(getattr(self, name)) for name in ("alarms", "services", "templates")}
        if approved_by and approved:
            front |= {"approved_by": approved_by, "approved": approved}
        text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=110)
        steps = "\n".join(f"{number}. {visible(step)}" for number, step in enumerate(self.steps, 1))
        return f"---\n{text}---\n# Steps\n{steps}\n"


def suspect_of(state: IncidentState) -> str:
    """The first suspect, if the answer names one that may stand in a sentence of ours; else ''."""
    suspects = state.suspects if state.verdict == "explained" else []
    name = str(suspects[0]["service"]) if suspects else ""
    return name if name and is_name(name) else ""


def steps_without_a_model(state: IncidentState) -> list[str]:
    """What to look at, in sentences of ours; the last says what only people know."""
    service = suspect_of(state) or "the service of the alarm"
    looks = [LOOKS["lines"], LOOKS["traces"]]
    looks += [LOOKS["recent_change"]] if state.evidence.get("changes") else []
    looks += [LOOKS["dependency"], LOOKS["capacity"]]
    sentences = [look.format(service=service) for look in looks]
    return [*(f"{text[0].upper()}{text[1:]}." for text in sentences), "Write down here what ended it the last time."]
