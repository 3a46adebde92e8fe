"""Verbs about what was changed: `change add`, `change scan`."""

from __future__ import annotations

import argparse
import getpass

from logsight_assets.cli.times import moment
from logsight_assets.cli.verbs import Verbs, lake_of, many, show
from logsight_assets.errors import UsageError
from logsight_assets.lake import PLATFORM
from logsight_assets.settings import TENANT_NAME
from logsight_assets.timeline import Hour


def register(verbs: Verbs) -> None:
    acts = verbs.group("change", "what was changed and when: evidence of incidents; ask for it by `sql`")
    added = acts.add("add", _add, "say that something was changed")
    added.add_argument("--tenant", default=PLATFORM, help=f"whose (default: {PLATFORM})")
    added.add_argument("--service", help="what was changed")
    added.add_argument("--environment", help="where")
    added.add_argument("--version", help="what it was changed to")
    added.add_argument("--kind", default="deployment", help="deployment, configuration, scaling or other")
    added.add_argument("--time", metavar="TIME", help="when, with its zone, such as 2025-06-01T09:00Z (default: now)")
    added.add_argument("--ref", help="its name where it comes from, such as a commit")
    added.add_argument("--description", help="for people")
    scanned = acts.add("scan", _scan, "find changes that lines tell by the rules in change_rules/")
    scanned.add_argument("--tenant", required=True, help="whose events")
    scanned.add_argument("--from", dest="start", metavar="HOUR", required=True, help="first event hour, YYYY-MM-DDTHH")
    scanned.add_argument("--to", dest="end", metavar="HOUR", required=True, help="event hour to stop before")


def _add(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.changes import KINDS, Change, add_changes

    lake = lake_of(options)
    if options.kind not in KINDS:
        raise UsageError(f"--kind {options.kind!r}: one of {', '.join(KINDS)}")
    if not (options.service or options.description):
        raise UsageError("change add: say what was changed, with --service or --description")
    when = moment(options.time, "--time") if options.time else lake.clock()
    change = Change(
        int(when.timestamp() * 1_000_000),
        options.kind,
        getpass.getuser(),
        options.environment,
        options.service,
        options.version,
        options.ref,
        options.description,
    )
    added = add_changes(lake, _tenant(options.tenant), [change])
    text = f"{change.kind} at {change.time:%Y-%m-%d %H:%M:%S} UTC noted" if added else "that was noted already"
    return show(options, {"change_id": change.change_id, "added": added}, text)


def _scan(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.change_rules import FOLDER, find_changes, load_rules

    lake, start, end = lake_of(options), Hour.parse(options.start), Hour.parse(options.end)
    added = find_changes(lake, _tenant(options.tenant), start.start, end.start, load_rules(lake.config / FOLDER))
    return show(options, {"added": added}, f"{many(added, 'change')} added")


def _tenant(name: str) -> str:
    if name != PLATFORM and not TENANT_NAME.fullmatch(name):
        raise UsageError(f"tenant {name!r} must match {TENANT_NAME.pattern}, or be {PLATFORM}")
    return name
