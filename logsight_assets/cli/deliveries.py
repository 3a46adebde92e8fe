"""Verbs of the outbox: `deliveries list`, `redrive`, `send`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from logsight_assets.cli.verbs import Verbs, lake_of, many, show, who_of
from logsight_assets.errors import UsageError

if TYPE_CHECKING:
    from logsight_assets.delivery.overview import Row


def register(verbs: Verbs) -> None:
    acts = verbs.group("deliveries", "messages about incidents and reports: what was told where, and what was not")
    listed = acts.add("list", _list, "messages and how they stand")
    listed.add_argument("subject", nargs="?", help="of this incident or report only, or a part of its name")
    listed.add_argument("--dead", action="store_true", help="only those that were given up")
    redriven = acts.add("redrive", _redrive, "try messages again that were given up")
    redriven.add_argument("subject", nargs="?", help="of this incident or report only, or a part of its name")
    redriven.add_argument("--channel", help="of this channel only")
    redriven.add_argument("--by", metavar="WHO", help="who does it (default: the user of this machine)")
    acts.add("send", _send, "deliver what is due now, without waiting for the sensor")


def _list(options: argparse.Namespace) -> int:
    from logsight_assets.delivery.overview import rows

    found = [row for row in rows(lake_of(options), dead=options.dead) if (options.subject or "") in row.name]
    document = {"deliveries": [row.to_json() for row in found]}
    return show(options, document, "\n".join(_line(row) for row in found) or "no message")


def _line(row: Row) -> str:
    from logsight_assets.visible import visible

    to = f" to {row.to}" if row.to else ""
    said = [f"{row.state:<8} {row.kind} {row.name} in {row.channel}{to}, revision {row.revision} of {row.wanted}"]
    if row.reason:
        failures = many(row.failures, "failure")
        said.append(f"           {f'given up after {failures}' if row.state == 'dead' else failures}; {row.reason}")
    said += [f"           {what}" for what in row.left]
    return "\n".join(visible(line) for line in said)


def _redrive(options: argparse.Namespace) -> int:
    from logsight_assets.delivery.outbox import redrive
    from logsight_assets.delivery.overview import dead_entries

    lake = lake_of(options)
    found = [
        entry
        for entry in dead_entries(lake)
        if (options.subject or "") in entry.subject.name and options.channel in (None, entry.channel)
    ]
    if not found:
        raise UsageError("deliveries: no message of these was given up; see `logsight deliveries list --dead`")
    count = redrive(lake, found, who_of(options))
    return show(options, {"redriven": count}, f"{many(count, 'message')} will be tried again")


def _send(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from logsight_assets.delivery.channels import channels_of
    from logsight_assets.delivery.outbox import deliver_due
    from logsight_assets.failures import Failures

    lake = lake_of(options)
    failures = Failures(lake)
    done = deliver_due(lake, channels_of(lake), failures)
    failures.check()
    text = f"{done.told} told, {done.later} to be tried again, {done.dead} given up, {done.withheld} withheld"
    return show(options, asdict(done), text)
