"""Which channels are told: tables of cases over the pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from logsight_assets.delivery.routing import channels_for, disclosure_in, subscribers_of
from logsight_assets.settings import Settings, validated

NAMES = ("a", "b", "c")


def settings(*routes: dict[str, Any], **more: Any) -> Settings:
    channels = {name: {"type": "file"} for name in NAMES}
    return validated(Settings, {"channels": channels, "routing": list(routes), **more}, "a test")


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ([], ["outbox"]),
        ([{"channels": ["a"]}], ["a"]),
        ([{"channels": ["a", "b"]}, {"channels": ["b", "c"]}], ["a", "b", "c"]),
        ([{"channels": ["a"], "tenants": ["acme"]}, {"channels": ["b"], "tenants": ["globex"]}], ["a"]),
        ([{"channels": ["a"], "tenants": ["ac*"]}], ["a"]),
        ([{"channels": ["a"], "tenants": ["a"]}], ["outbox"]),
        ([{"channels": ["a"], "services": ["pay*", "cart"]}], ["a"]),
        ([{"channels": ["a"], "services": ["pay"]}], ["outbox"]),
        ([{"channels": ["a"], "services": [".*"]}], ["outbox"]),
        ([{"channels": ["a"], "least_severity": "high"}], ["a"]),
        ([{"channels": ["a"], "least_severity": "critical"}, {"channels": ["b"]}], ["b"]),
        ([{"channels": ["a"], "kinds": ["report"]}], ["outbox"]),
        ([{"channels": ["a"], "kinds": ["report", "incident"]}], ["a"]),
        ([{"channels": ["outbox", "a"]}], ["outbox", "a"]),
    ],
)
def test_an_incident_goes_where_rules_name(routes: list[dict[str, Any]], told: list[str]) -> None:
    assert channels_for(settings(*routes), "incident", "acme", ["checkout", "payment"], "high") == told


def test_a_report_goes_nowhere_unless_a_rule_names_it() -> None:
    assert channels_for(settings({"channels": ["a"]}), "report", "acme") == []
    assert channels_for(settings({"channels": ["a"], "kinds": ["report"]}), "report", "acme") == ["a"]


@pytest.mark.parametrize(
    ("lake", "tenant", "channel", "shows"),
    [
        ("templates", None, None, "templates"),
        ("quotes", "links", None, "links"),
        ("links", "quotes", None, "quotes"),
        ("quotes", None, "templates", "templates"),
        ("links", None, "quotes", "links"),
        ("quotes", "templates", "links", "links"),
    ],
)
def test_a_message_shows_the_less_of_what_tenant_and_channel_allow(
    lake: str, tenant: str | None, channel: str | None, shows: str
) -> None:
    held = validated(
        Settings,
        {
            "delivery": {"disclosure": lake},
            "tenants": {"acme": {"disclosure": tenant}},
            "channels": {"a": {"type": "file", "disclosure": channel}},
        },
        "a test",
    )
    assert disclosure_in(held, "acme", "a") == shows


def test_subscribers_are_reached_by_the_first_channel_that_can() -> None:
    held = validated(
        Settings,
        {
            "report_subscribers": ["ops@example.org", "#ops"],
            "channels": {
                "hook": {"type": "slack", "webhook": "env:HOOK"},
                "chat": {"type": "slack", "channel": "C1", "token": "env:SLACK"},
                "mail": {"type": "email", "host": "mail.example.org", "sender": "l@example.org"},
            },
        },
        "a test",
    )
    assert subscribers_of(held, "_platform") == [("mail", "ops@example.org"), ("chat", "#ops")]
    assert subscribers_of(held, "acme") == []
    assert subscribers_of(settings(report_subscribers=["#ops"]), "_platform") == [("outbox", "#ops")]
