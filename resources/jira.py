"""Jira Cloud's REST API v3, as far as tickets need it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from logsight_assets.errors import RefusedDelivery
from resources.outbound import Outbound

PROPERTY = "logsight"  # of issues and comments: holds our key
_COMMENTS = 100  # that are looked at, the newest first
DONE = "done"  # Jira's own key of the category of states that are over


class Issue(NamedTuple):
    """What an issue is now."""

    key: str
    summary: str
    description: Mapping[str, Any] | None  # ADF
    status: str
    is_over: bool
    priority: str  # its name; empty for none


class Transition(NamedTuple):
    """A way out of an issue's present state."""

    id: str
    name: str
    to: str  # name of the state it leads to
    is_over: bool  # whether that one is


class JiraApi:
    """Calls as one account. Every fault has the status as its code."""

    def __init__(self, outbound: Outbound, user: str, token: Callable[[], str], site: str) -> None:
        self._outbound = outbound
        self._user = user
        self._token = token
        self._site = site

    def find(self, project: str, label: str) -> str | None:
        """The key of the oldest issue with a label. Jira's search sees an issue some seconds after it was made."""
        jql = f'project = "{project}" AND labels = "{label}" ORDER BY created ASC'
        query = urlencode({"jql": jql, "maxResults": "1", "fields": "summary"})
        issues = self._call("GET", f"search/jql?{query}").get("issues", ())
        return str(issues[0]["key"]) if issues else None

    def create(self, fields: Mapping[str, Any], key: str) -> str:
        """Make an issue; its key."""
        body = {"fields": fields, "properties": [{"key": PROPERTY, "value": {"key": key}}]}
        return str(self._call("POST", "issue", body)["key"])

    def read(self, issue: str) -> Issue | None:
        """An issue, or None if people have removed it."""
        try:
            held = self._call("GET", f"issue/{quote(issue, safe='')}?fields=summary,description,status,priority")
        except RefusedDelivery as error:
            if error.code == "404":
                return None
            raise
        fields = held["fields"]
        status = fields["status"]
        is_over = status.get("statusCategory", {}).get("key") == DONE
        return Issue(
            key=str(held["key"]),  # one that was moved has another key now
            summary=str(fields["summary"]),
            description=fields.get("description"),
            status=str(status["name"]),
            is_over=is_over,
            priority=str((fields.get("priority") or {}).get("name", "")),
        )

    def edit(self, issue: str, fields: Mapping[str, Any]) -> None:
        self._call("PUT", f"issue/{quote(issue, safe='')}", {"fields": fields})

    def transitions(self, issue: str) -> list[Transition]:
        """The ways out of an issue's present state."""
        held = self._call("GET", f"issue/{quote(issue, safe='')}/transitions").get("transitions", ())
        return [
            Transition(
                str(each["id"]),
                str(each["name"]),
                str(each["to"]["name"]),
                each["to"].get("statusCategory", {}).get("key") == DONE,
            )
            for each in held
        ]

    def move(self, issue: str, transition: Transition) -> None:
        self._call("POST", f"issue/{quote(issue, safe='')}/transitions", {"transition": {"id": transition.id}})

    def comment(self, issue: str, document: Mapping[str, Any], key: str) -> None:
        body = {"body": document, "properties": [{"key": PROPERTY, "value": {"key": key}}]}
        self._call("POST", f"issue/{quote(issue, safe='')}/comment", body)

    def has_comment(self, issue: str, key: str) -> bool:
        """Whether a comment of our key is among the newest."""
        query = urlencode({"orderBy": "-created", "maxResults": str(_COMMENTS), "expand": "properties"})
        comments = self._call("GET", f"issue/{quote(issue, safe='')}/comment?{query}").get("comments", ())
        return any(
            held["key"] == PROPERTY and held.get("value", {}).get("key") == key
            for comment in comments
            for held in comment.get("properties", ())
        )

    def who(self) -> str:
        return str(self._call("GET", "myself").get("displayName"))

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        account = base64.b64encode(f"{self._user}:{self._token()}".encode()).decode()
        headers = {"Authorization": f"Basic {account}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode() if body is not None else b""
        answer = self._outbound.call(method, f"{self._site}/rest/api/3/{path}", headers, data)
        found: dict[str, Any] = answer.json() if answer.body else {}
        return found
