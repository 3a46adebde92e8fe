"""Channels that messages go to, and the rules that choose them: the parts `channels` and `routing` of the settings.

A secret is a reference, `env:NAME` or `file:/PATH`; the value is read when a message is sent and kept nowhere.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from logsight_assets.sections import Section

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
FILE_CHANNEL = "outbox"  # the one that is always there
# The value of such a fault is never shown: it may be the secret itself.
SECRET_FAULT = "secret_reference"  # noqa: S105  a name of ours
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_SITE = re.compile(r"https://([^/:@?#]+)(?::443)?/?")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)

Severity = Literal["low", "medium", "high", "critical"]
Disclosure = Literal["links", "templates", "quotes"]
SubjectKind = Literal["incident", "report"]


def _as_reference(value: object) -> object:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise PydanticCustomError(SECRET_FAULT, "must be env:NAME or file:/PATH: secrets themselves never stand here")
    return value


def _as_site(value: str) -> str:
    match = _SITE.fullmatch(value)
    if not match or not _HOST.fullmatch(match[1]):
        raise ValueError("must be an address like https://acme.example.org, without a path")
    return f"https://{match[1]}"


def _as_url(value: str) -> str:
    site, slash, _ = value.removeprefix("https://").partition("/")
    if not value.startswith("https://") or not slash or not _HOST.fullmatch(site.removesuffix(":443")):
        raise ValueError("must be an address like https://hooks.example.org/logsight")
    return value


def _as_address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be an address like ops@example.org")
    return value


Secret = Annotated[str, BeforeValidator(_as_reference)]
Site = Annotated[str, AfterValidator(_as_site)]
Url = Annotated[str, AfterValidator(_as_url)]
Address = Annotated[str, AfterValidator(_as_address)]


class ChannelSettings(Section):
    """What all channels have."""

    disclosure: Disclosure | None = Field(None, description="most that a message here shows; the tenant's may be less")


class FileChannel(ChannelSettings):
    """Messages as files below `outbox/` of the lake."""

    type: Literal["file"]


class SlackChannel(ChannelSettings):
    """A Slack channel. With a bot token one message is edited and its thread told; a webhook only appends."""

    type: Literal["slack"]
    channel: str = Field("", description="id of the channel, such as C012AB3CD; with a token only")
    token: Secret | None = Field(None, description="reference to the bot token")
    webhook: Secret | None = Field(None, description="reference to the address of an incoming webhook, a secret too")

    @model_validator(mode="after")
    def _has_one_way(self) -> SlackChannel:
        if (self.token is None) == (self.webhook is None):
            raise ValueError("give either token and channel, or webhook")
        if self.token is not None and not self.channel:
            raise ValueError("give the id of the channel beside the token")
        return self


class JiraChannel(ChannelSettings):
    """A Jira Cloud project."""

    type: Literal["jira"]
    site: Site = Field(description="address, such as https://acme.atlassian.net")
    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,19}$", description="key of the project")
    issue_type: str = Field("Task", min_length=1, description="name of the type of new issues")
    user: Address = Field(description="account that writes")
    token: Secret = Field(description="reference to its API token")
    done: tuple[str, ...] = Field((), description="names of transitions or states that resolve; else the first to Done")
    reopened: tuple[str, ...] = Field((), description="names that re-open; else the first that leads out of Done")
    priorities: dict[Severity, str] = Field(default_factory=dict, description="name of the priority by severity")


class ServiceNowChannel(ChannelSettings):
    """The incident table of a ServiceNow instance."""

    type: Literal["servicenow"]
    site: Site = Field(description="address, such as https://acme.service-now.com")
    table: str = Field("incident", pattern=r"^[a-z][a-z0-9_]{0,79}$", description="table of the records")
    user: str = Field(min_length=1, description="account that writes")
    password: Secret = Field(description="reference to its password")
    fields: dict[str, str] = Field(default_factory=dict, description="further fields of new records, such as category")
    open_state: str = Field("2", description="code of the state of a record that is re-opened")
    resolved_state: str = Field("6", description="code of the state of a resolved record")
    over_states: tuple[str, ...] = Field(("6", "7", "8"), description="codes of states in which a record is over")
    close_code: str = Field("Solution provided", description="close code of a resolved record")


class EmailChannel(ChannelSettings):
    """Mail through an SMTP server."""

    type: Literal["email"]
    host: str = Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", description="SMTP server")
    port: int = Field(587, ge=1, le=65535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="none only on a network of one's own")
    user: str = Field("", description="account, where the server wants one")
    password: Secret | None = Field(None, description="reference to its password")
    sender: Address = Field(description="address of the sender")
    to: tuple[Address, ...] = Field((), description="who gets incidents; subscribers of reports are named elsewhere")

    @model_validator(mode="after")
    def _hides_the_password(self) -> EmailChannel:
        if self.password is not None and self.security == "none":
            raise ValueError("a password needs security: starttls or tls")
        if bool(self.user) != (self.password is not None):
            raise ValueError("give both user and password, or none of them")
        return self


class WebhookChannel(ChannelSettings):
    """JSON posted to an address, signed."""

    type: Literal["webhook"]
    url: Url = Field(description="where to")
    secret: Secret = Field(description="reference to the secret that signs it")


class PagerDutyChannel(ChannelSettings):
    """A PagerDuty service, by its Events API v2 integration."""

    type: Literal["pagerduty"]
    routing_key: Secret = Field(description="reference to the integration key")
    region: Literal["us", "eu"] = Field("us", description="region of the account")


Channel = Annotated[
    FileChannel | SlackChannel | JiraChannel | ServiceNowChannel | EmailChannel | WebhookChannel | PagerDutyChannel,
    Field(discriminator="type"),
]
CHANNEL_MODELS: tuple[type[ChannelSettings], ...] = (
    FileChannel,
    SlackChannel,
    JiraChannel,
    ServiceNowChannel,
    EmailChannel,
    WebhookChannel,
    PagerDutyChannel,
)


class Route(Section):
    """Which channels get what. Every rule that fits counts; what no rule fits goes to the file channel."""

    channels: tuple[str, ...] = Field(min_length=1, description="names of channels")
    kinds: tuple[SubjectKind, ...] = Field(("incident",), min_length=1, description="of these kinds")
    tenants: tuple[str, ...] = Field((), description="of these tenants, * stands for any text; empty is all")
    services: tuple[str, ...] = Field((), description="about one of these services; empty is all")
    least_severity: Severity = Field("low", description="from this severity on; a channel told once is told the rest")


def checked_channels(value: dict[str, Any]) -> dict[str, Any]:
    """Names that a path can hold; ValueError for others."""
    for name, channel in value.items():
        if not CHANNEL_NAME.fullmatch(name):
            raise ValueError(f"channel {name!r} must match {CHANNEL_NAME.pattern}")
        if name == FILE_CHANNEL and not isinstance(channel, FileChannel):
            raise ValueError(f"channel {name!r} is the file channel: give this one another name")
    return value
