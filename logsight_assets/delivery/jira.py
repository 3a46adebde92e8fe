"""Jira: one issue an incident. What people have changed stays; what they have closed stays closed."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from logsight_assets.channel_settings import JiraChannel as JiraSettings
from logsight_assets.delivery import jira_document
from logsight_assets.delivery.channel import Handles
from logsight_assets.delivery.edits import as_sent, edits, written
from logsight_assets.delivery.message import Letter, Wrote
from resources.jira import Issue, JiraApi, Transition

_CLOSED = "closed"  # field: whether it was us who closed it


class JiraChannel:
    """Makes, edits, comments, resolves and re-opens. An issue is found again by a label that holds its key."""

    def __init__(self, api: JiraApi, settings: JiraSettings) -> None:
        self._api = api
        self._settings = settings

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        wrote = dict(letter.wrote)
        held = handles.get("issue") or self._made(letter, handles, wrote)
        issue = self._api.read(held["key"])
        if issue is None:
            return Wrote(wrote, ("the issue was removed",))
        return self._kept_up(letter, handles, issue, wrote)

    def check(self) -> str:
        return self._api.who()

    def _made(self, letter: Letter, handles: Handles, wrote: dict[str, str]) -> dict[str, Any]:
        found = self._api.find(self._settings.project, letter.key) if letter.tried_since else None
        if found is None:
            found = self._api.create(self._new(letter), letter.key)
            wrote |= as_sent(self._wanted(letter))
        handles.keep("issue", {"key": found})
        return {"key": found}

    def _new(self, letter: Letter) -> dict[str, Any]:
        return {
            "project": {"key": self._settings.project},
            "issuetype": {"name": self._settings.issue_type},
            "labels": ["logsight", letter.key],
            **self._content(letter),
        }

    def _content(self, letter: Letter) -> dict[str, Any]:
        """The fields that we write and people may change, as Jira takes them."""
        document = letter.document
        fields = {"summary": jira_document.summary_line(document), "description": jira_document.description(document)}
        for severity, priority in self._settings.priorities.items():
            # A ticket of what is over goes on saying how bad it was.
            if severity == document.severity and document.is_open:
                fields["priority"] = {"name": priority}
        return fields

    def _wanted(self, letter: Letter) -> dict[str, str]:
        """The same as texts."""
        as_text: dict[str, Callable[[Any], str]] = {
            "description": jira_document.text_of,
            "priority": itemgetter("name"),
        }
        return {name: as_text.get(name, str)(value) for name, value in self._content(letter).items()}

    def _kept_up(self, letter: Letter, handles: Handles, issue: Issue, wrote: dict[str, str]) -> Wrote:
        left: list[str] = []
        if not issue.is_over:
            wrote[_CLOSED] = "no"  # also if it was us, and people have re-opened it
        is_ours = wrote.get(_CLOSED) == "yes" or handles.get(f"closing:{letter.revision}") is not None
        if by_people := issue.is_over and not is_ours:
            left.append("people have closed the issue: it is only commented")
        else:
            left += self._edited(letter, issue, wrote)
        self._noted(letter, handles, issue)
        if not by_people and (moved := self._moved(letter, handles, issue, wrote)):
            left.append(moved)
        return Wrote(wrote, tuple(left))

    def _edited(self, letter: Letter, issue: Issue, wrote: dict[str, str]) -> list[str]:
        """Write the fields that are still ours; returns what is to be said of the others."""
        wanted, content = self._wanted(letter), self._content(letter)
        done = edits(_shown(issue), wanted, wrote)
        if done.write:
            self._api.edit(issue.key, {name: content[name] for name in done.write})
            issue = self._api.read(issue.key) or issue
        wrote |= written(_shown(issue), wanted, wrote, done)
        return [f"people have changed the {name}" for name in done.left]

    def _noted(self, letter: Letter, handles: Handles, issue: Issue) -> None:
        """Comment what is new; the issue itself says what it was opened with."""
        news = [each for each in letter.loud if each.kind != "opened"]
        name = f"note:{letter.revision}"
        if not news or handles.get(name):
            return
        if letter.tried_since is None or not self._api.has_comment(issue.key, letter.note_key):
            self._api.comment(issue.key, jira_document.comment(news), letter.note_key)
        handles.keep(name, {"sent": True})

    def _moved(self, letter: Letter, handles: Handles, issue: Issue, wrote: dict[str, str]) -> str:
        """Resolve or re-open on such news alone; returns what could not be done."""
        if letter.has("resolved"):
            if not issue.is_over:
                transition = self._chosen(issue, self._settings.done, is_over=True)
                if transition is None:
                    return "no transition resolves the issue; name one in `done`"
                # Before, so that whoever is killed behind it does not take our closing for people's.
                handles.keep(f"closing:{letter.revision}", {"from": issue.status})
                self._api.move(issue.key, transition)
            wrote[_CLOSED] = "yes"
        elif letter.has("reopened") and issue.is_over:
            transition = self._chosen(issue, self._settings.reopened, is_over=False)
            if transition is None:
                return "no transition re-opens the issue; name one in `reopened`"
            self._api.move(issue.key, transition)
            wrote[_CLOSED] = "no"
        return ""

    def _chosen(self, issue: Issue, names: tuple[str, ...], *, is_over: bool) -> Transition | None:
        """The first transition that settings name, by itself or by where it leads, else by the category of that."""
        held = self._api.transitions(issue.key)
        for name in names:
            for each in held:
                if name.casefold() in (each.name.casefold(), each.to.casefold()):
                    return each
        return None if names else next((each for each in held if each.is_over == is_over), None)


def _shown(issue: Issue) -> dict[str, str]:
    return {
        "summary": issue.summary,
        "description": jira_document.text_of(issue.description),
        "priority": issue.priority,
    }
