"""`channels` and `routing` of the settings: what is refused, with file and field, and no secret in the words."""

from __future__ import annotations

from typing import Any

import pytest

from logsight_assets.channel_settings import CHANNEL_MODELS
from logsight_assets.delivery.channels import channels_of
from logsight_assets.errors import ConfigurationError
from logsight_assets.settings import Settings, validated
from tests.delivery.lakes import Clock, make_lake

SLACK = {"type": "slack", "channel": "C1", "token": "env:SLACK"}
JIRA = {
    "type": "jira",
    "site": "https://acme.atlassian.net/",
    "project": "OPS",
    "user": "bot@acme.example",
    "token": "file:/run/secrets/jira",
}
SNOW = {"type": "servicenow", "site": "https://acme.service-now.com", "user": "bot", "password": "env:SNOW"}
MAIL = {"type": "email", "host": "mail", "sender": "logsight@acme.example", "user": "bot", "password": "env:MAIL"}
HOOK = {"type": "webhook", "url": "https://hooks.acme.example/x", "secret": "env:HOOK"}
PAGER = {"type": "pagerduty", "routing_key": "env:PAGER"}
ALL = {
    "slack": SLACK,
    "hooked": {"type": "slack", "webhook": "env:SLACK_HOOK"},
    "jira": JIRA,
    "snow": SNOW,
    "mail": MAIL,
    "hook": HOOK,
    "pager": PAGER,
    "files": {"type": "file"},
}


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({"a": {"type": "fax"}}, "channels.a"),
        ({"Ops": {"type": "file"}}, "'Ops' must match"),
        ({"outbox": PAGER}, "is the file channel"),
        ({"a": {"type": "slack", "channel": "C1"}}, "either token and channel, or webhook"),
        ({"a": SLACK | {"webhook": "env:X"}}, "either token and channel, or webhook"),
        ({"a": SLACK | {"channel": ""}}, "id of the channel"),
        ({"a": SLACK | {"token": "xoxb-s3cret"}}, "channels.a.slack.token: must be env:NAME"),
        ({"a": {"type": "slack", "webhook": "https://hooks.slack.com/services/s3cret"}}, "must be env:NAME"),
        ({"a": JIRA | {"site": "http://acme.atlassian.net"}}, "https://acme.example.org"),
        ({"a": JIRA | {"site": "https://acme.atlassian.net/jira"}}, "without a path"),
        ({"a": JIRA | {"site": "https://u:p@acme.atlassian.net"}}, "without a path"),
        ({"a": JIRA | {"project": 'OPS" OR 1=1'}}, "channels.a.jira.project"),
        ({"a": SNOW | {"table": "incident?x"}}, "channels.a.servicenow.table"),
        ({"a": MAIL | {"security": "none"}}, "needs security"),
        ({"a": MAIL | {"user": ""}}, "both user and password"),
        ({"a": MAIL | {"to": ["a@b.org\nBcc: c@d.org"]}}, "an address like"),
        ({"a": HOOK | {"url": "https://localhost/x"}}, "an address like"),
        ({"a": HOOK | {"url": "https://10.0.0.1:8443/x"}}, "an address like"),
        ({"a": HOOK | {"secret": "s3cret"}}, "must be env:NAME"),
    ],
)
def test_what_cannot_be_is_refused_by_name(channels: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        validated(Settings, {"channels": channels}, "logsight.yaml")
    assert "logsight.yaml: " in str(refused.value)
    assert said in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"routing": [{"channels": ["nowhere"]}]}, "no channel is named 'nowhere'"),
        ({"routing": [{"channels": []}]}, "routing.0.channels"),
        ({"routing": [{"channels": ["outbox"], "least_severity": "bad"}]}, "routing.0.least_severity"),
        ({"routing": [{"channels": ["outbox"], "tenant": ["acme"]}]}, "routing.0.tenant"),
        ({"delivery": {"time_zone": "Mars/Base"}}, "delivery.time_zone"),
        ({"delivery": {"base_url": "https://logs.acme.example/x?y"}}, "delivery.base_url"),
        ({"tenants": {"acme": {"disclosure": "all"}}}, "tenants.acme.disclosure"),
    ],
)
def test_a_route_or_a_style_that_cannot_be_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        validated(Settings, settings, "logsight.yaml")
    assert said in str(refused.value)


def test_every_type_of_channel_has_an_adapter_and_making_it_reads_no_secret(tmp_path: Any) -> None:
    lake = make_lake(tmp_path / "lake", Clock(), channels=ALL)
    assert set(channels_of(lake)) == {"outbox", *ALL}
    assert {type(each) for each in lake.settings.channels.values()} == set(CHANNEL_MODELS)
