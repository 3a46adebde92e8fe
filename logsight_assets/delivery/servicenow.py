"""ServiceNow: one incident record an incident. What people have changed stays; what they have closed stays closed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from logsight_assets.channel_settings import ServiceNowChannel as ServiceNowSettings
from logsight_assets.delivery.channel import Handles
from logsight_assets.delivery.edits import as_sent, edits, written
from logsight_assets.delivery.jira_document import summary_line
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.delivery.plain import plain_text
from resources.servicenow import Row, ServiceNowApi

_CLOSED = "closed"
_LONGEST_SHORT, _LONGEST_TEXT = 160, 4000  # characters of short_description and description
# 1 is high. ServiceNow makes the priority of both.
_URGENCIES = {"critical": "1", "high": "1", "medium": "2", "low": "3"}
_IMPACTS = {"critical": "1", "high": "2", "medium": "2", "low": "3"}
# Between these, ServiceNow shows a note as HTML.
_CODE = re.compile(r"\[(/?)code\]", re.IGNORECASE)


class ServiceNowChannel:
    """Makes, edits, writes work notes, resolves and re-opens. A record is found again by its correlation_id."""

    def __init__(self, api: ServiceNowApi, settings: ServiceNowSettings) -> None:
        self._api = api
        self._settings = settings

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        wrote = dict(letter.wrote)
        held = handles.get("record") or self._made(letter, handles, wrote)
        row = self._api.read(held["sys_id"])
        if row is None:
            return Wrote(wrote, ("the record was removed",))
        return self._kept_up(letter, handles, row, wrote)

    def check(self) -> str:
        return self._api.who()

    def _made(self, letter: Letter, handles: Handles, wrote: dict[str, str]) -> dict[str, str]:
        found = self._api.find(letter.key) if letter.tried_since else None
        if found is None:
            found = self._api.create(self._new(letter))
            wrote |= as_sent(_wanted(letter))
        handles.keep("record", {"sys_id": found})
        return {"sys_id": found}

    def _new(self, letter: Letter) -> dict[str, str]:
        return {
            **self._settings.fields,
            "correlation_id": letter.key,
            "correlation_display": "LogSight",
            **_wanted(letter),
        }

    def _kept_up(self, letter: Letter, handles: Handles, row: Row, wrote: dict[str, str]) -> Wrote:
        """One change holds all that is to be said, so that there is one moment in which it may be lost."""
        is_over = row.state in self._settings.over_states
        if not is_over:
            wrote[_CLOSED] = "no"  # also if it was us, and people have re-opened it
        is_ours = wrote.get(_CLOSED) == "yes" or handles.get(f"closing:{letter.revision}") is not None
        if is_over and not is_ours:
            self._change(letter, row, {})
            return Wrote(wrote, ("people have closed the record: only a work note is written",))
        wanted = _wanted(letter)
        done = edits(_shown(row), wanted, wrote)
        change = {name: wanted[name] for name in done.write}
        change |= self._moved(letter, handles, wrote, is_over=is_over)
        if self._change(letter, row, change):
            row = self._api.read(row.sys_id) or row
        wrote |= written(_shown(row), wanted, wrote, done)
        return Wrote(wrote, tuple(f"people have changed the {name}" for name in done.left))

    def _change(self, letter: Letter, row: Row, fields: Mapping[str, str]) -> bool:
        """Write fields, and a work note of what is new; whether there was anything to write."""
        note = _note(letter, row)
        change = {**fields, "work_notes": note} if note else dict(fields)
        if change:
            self._api.change(row.sys_id, change)
        return bool(change)

    def _moved(self, letter: Letter, handles: Handles, wrote: dict[str, str], *, is_over: bool) -> dict[str, str]:
        """Resolve or re-open on such news alone."""
        if letter.has("resolved"):
            wrote[_CLOSED] = "yes"
            if is_over:
                return {}
            # Before, so that whoever is killed behind it does not take our closing for people's.
            handles.keep(f"closing:{letter.revision}", {"sent": True})
            reason = letter.news[-1].text
            return {
                "state": self._settings.resolved_state,
                "close_code": self._settings.close_code,
                "close_notes": _harmless(reason),
            }
        if letter.has("reopened") and is_over:
            wrote[_CLOSED] = "no"
            return {"state": self._settings.open_state}
        return {}


def _wanted(letter: Letter) -> dict[str, str]:
    """The fields that we write and people may change."""
    severity = letter.document.severity
    weight = {"urgency": _URGENCIES.get(severity, "3"), "impact": _IMPACTS.get(severity, "3")}
    # A record of what is over goes on saying how bad it was.
    return {**texts(letter), **(weight if letter.document.is_open else {})}


def texts(letter: Letter) -> dict[str, str]:
    """Those of them that are words."""
    return {
        "short_description": _harmless(summary_line(letter.document))[:_LONGEST_SHORT],
        "description": _harmless(plain_text(letter.document))[:_LONGEST_TEXT].rstrip(),
    }


def _shown(row: Row) -> dict[str, str]:
    return {
        "short_description": row.short_description,
        "description": row.description,
        "urgency": row.urgency,
        "impact": row.impact,
    }


def _note(letter: Letter, row: Row) -> str:
    """A work note of what is new, unless it stands there already: it names its own key."""
    news = [each for each in letter.loud if each.kind != "opened"]
    if not news or letter.note_key in row.work_notes:
        return ""
    return _harmless("\n".join(each.text for each in news)) + f"\n({letter.note_key})"


def _harmless(text: str) -> str:
    return _CODE.sub(r"[\1 code]", text)
