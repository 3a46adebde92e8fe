"""The channels that settings name, each over the outbound client. Nothing is connected, and no secret read, yet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from logsight_assets.channel_settings import (
    ChannelSettings,
    EmailChannel,
    FileChannel,
    JiraChannel,
    PagerDutyChannel,
    ServiceNowChannel,
    SlackChannel,
    WebhookChannel,
)
from logsight_assets.delivery import email_message, file, jira, pagerduty, servicenow, slack, webhook
from logsight_assets.delivery.channel import Channel
from logsight_assets.lake import Lake
from resources.jira import JiraApi
from resources.outbound import Outbound
from resources.secret_references import secret
from resources.servicenow import ServiceNowApi
from resources.slack import API_HOST, WEBHOOK_HOSTS, SlackApi, SlackWebhook
from resources.smtp import SmtpServer


def channels_of(lake: Lake) -> dict[str, Channel]:
    """Every channel by its name."""
    return {name: _channel(lake, name, settings) for name, settings in lake.settings.all_channels.items()}


def _channel(lake: Lake, name: str, settings: ChannelSettings) -> Channel:
    match settings:
        case SlackChannel(token=str(token)):
            return slack.SlackChannel(SlackApi(Outbound([API_HOST]), _secret(token)), settings.channel)
        case SlackChannel(webhook=str(address)):
            return slack.SlackWebhookChannel(SlackWebhook(Outbound(WEBHOOK_HOSTS), _secret(address)))
        case JiraChannel():
            outbound = Outbound([_host(settings.site)])
            return jira.JiraChannel(JiraApi(outbound, settings.user, _secret(settings.token), settings.site), settings)
        case ServiceNowChannel(site=site, table=table, user=user):
            api = ServiceNowApi(Outbound([_host(site)]), user, _secret(settings.password), site, table)
            return servicenow.ServiceNowChannel(api, settings)
        case EmailChannel():
            password = _secret(settings.password) if settings.password else None
            server = SmtpServer(settings.host, settings.port, settings.security, settings.user, password)
            return email_message.EmailChannel(server, settings.sender, settings.to)
        case WebhookChannel(url=url):
            return webhook.WebhookChannel(Outbound([_host(url)]), url, _secret(settings.secret), lake.clock)
        case PagerDutyChannel(region=region):
            host = pagerduty.HOSTS[region]
            return pagerduty.PagerDutyChannel(Outbound([host]), _secret(settings.routing_key), f"https://{host}")
        case FileChannel():
            return file.FileChannel(lake.store, name)
    raise AssertionError(f"a channel of type {type(settings).__name__} has no adapter")


def _secret(reference: str) -> Callable[[], str]:
    """Read when it is used: a token that was replaced counts from the next message on."""
    return partial(secret, reference)


def _host(url: str) -> str:
    return url.removeprefix("https://").partition("/")[0].removesuffix(":443")
