"""ServiceNow's Table API, as far as incident records need it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from logsight_assets.errors import RefusedDelivery
from resources.outbound import Outbound

_READ = ("sys_id", "number", "short_description", "description", "state", "work_notes", "urgency", "impact")


class Row(NamedTuple):
    """What a record is now."""

    sys_id: str
    number: str
    short_description: str
    description: str
    state: str  # its code
    work_notes: str  # all of them, as people see them
    urgency: str  # its code, like the impact's; empty in a table that has neither
    impact: str


class ServiceNowApi:
    """Calls as one account over one table."""

    def __init__(self, outbound: Outbound, user: str, password: Callable[[], str], site: str, table: str) -> None:
        self._outbound = outbound
        self._user = user
        self._password = password
        self._table = f"{site}/api/now/table/{quote(table, safe='')}"

    def find(self, correlation_id: str) -> str | None:
        """The sys_id of the oldest record with our key."""
        query = f"correlation_id={correlation_id}^ORDERBYsys_created_on"
        found = self._call("GET", "?" + urlencode({"sysparm_query": query, "sysparm_limit": "1", **_fields("sys_id")}))
        return str(found[0]["sys_id"]) if found else None

    def create(self, fields: Mapping[str, str]) -> str:
        """Make a record; its sys_id."""
        found = self._call("POST", "?" + urlencode(_fields("sys_id")), fields)
        return str(found["sys_id"])

    def read(self, sys_id: str) -> Row | None:
        """A record, or None if people have removed it."""
        query = urlencode({"sysparm_display_value": "all", **_fields(*_READ)})
        try:
            held = self._call("GET", f"/{quote(sys_id, safe='')}?{query}")
        except RefusedDelivery as error:
            if error.code == "404":
                return None
            raise
        # The history of notes is in what is shown of them, the code of a state in its value. The answer is silent about
        # fields that a table does not have.
        shown = ((held.get(name) or {}, "display_value" if name == "work_notes" else "value") for name in _READ)
        return Row(*(str(field.get(form) or "") for field, form in shown))

    def change(self, sys_id: str, fields: Mapping[str, str]) -> None:
        self._call("PATCH", f"/{quote(sys_id, safe='')}?{urlencode(_fields('sys_id'))}", fields)

    def who(self) -> str:
        """Whether the account may read the table."""
        self._call("GET", "?" + urlencode({"sysparm_limit": "1", **_fields("sys_id")}))
        return self._user

    def _call(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        account = base64.b64encode(f"{self._user}:{self._password()}".encode()).decode()
        headers = {"Authorization": f"Basic {account}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode() if body is not None else b""
        return self._outbound.call(method, f"{self._table}{path}", headers, data).json()["result"]


def _fields(*names: str) -> dict[str, str]:
    return {"sysparm_fields": ",".join(names)}
