"""Verbs about templates: what kinds of lines there are, and what people decide about them."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logsight_assets.cli.times import UNTIL_HELP, length, moment
from logsight_assets.cli.verbs import Verbs, lake_of, said_of, show
from logsight_assets.errors import UsageError

if TYPE_CHECKING:
    from logsight_assets.lake import Lake
    from logsight_assets.templates.people import Found

_CHANGE_ID = re.compile(r"[0-9a-f]{16}")


def register(verbs: Verbs) -> None:
    mining = verbs.add("mine", _mine, "find the templates of text files: CSV of line, template_id, template")
    mining.add_argument("files", nargs="+", metavar="FILE", type=Path, help="text file; one row a line, as it is")
    group = verbs.group("templates", "templates of log lines: list them, pin them, name them")
    listing = group.add("list", _list, "templates, the most frequent first")
    listing.add_argument("--tenant", help="of this tenant only (default: the operator's view of all)")
    listing.add_argument("--service", help="of this service only")
    changed = group.add("changed", _changed, "templates that are new, gone, or come more or less often since a time")
    changed.add_argument(
        "--since",
        metavar="TIME",
        required=True,
        help="a time with its zone, such as 2025-06-01T09:00Z, or a change's id",
    )
    changed.add_argument("--until", metavar="TIME", help="where the window ends (default: now)")
    changed.add_argument("--before", metavar="SPAN", default="24h", help="time before it to compare with, such as 24h")
    changed.add_argument("--tenant", help="of this tenant only (default: the operator's view of all)")
    changed.add_argument("--service", help="of this service only (default: all)")
    pin = group.add("pin", _pin, "keep a template's text and patterns together, whatever is mined later")
    _about(pin)
    pin.add_argument("--text", help="text to pin instead of the mined one; <*> stands for what varies")
    pin.add_argument("--remove", action="store_true", help="take the pin back")
    name = group.add("name", _name, "call a template something that people know")
    _about(name)
    name.add_argument("name", nargs="?", help="what to call it")
    name.add_argument("--remove", action="store_true", help="take the name back")


def _about(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("template", help="id of the template, or one that was merged into it")
    parser.add_argument("--tenant", help="its tenant, where several have the same id")
    parser.add_argument("--by", metavar="WHO", help="who decides (default: the user of this machine)")
    parser.add_argument("--why", default="", help="why")
    parser.add_argument("--until", metavar="TIME", help=f"{UNTIL_HELP} (default: never)")


def _mine(options: argparse.Namespace) -> int:
    from logsight_assets.templates.mined_output import write_csv, write_json
    from logsight_assets.templates.text_files import mine_files

    with tempfile.TemporaryDirectory(prefix="logsight-mine-") as scratch:
        mined = mine_files(options.files, Path(scratch))
        write = write_json if options.json else write_csv
        write(mined, sys.stdout)
    return 0


def _list(options: argparse.Namespace) -> int:
    from logsight_assets.reader.ask import ask
    from logsight_assets.reader.render import as_table

    counts = "event_count, error_count, round(event_ratio, 4) as event_ratio"
    where = "where service = $service" if options.service else ""
    query = f"""select tenant, service, template_id, {counts}, is_pinned, name, template
        from templates {where} order by event_count desc, tenant, service, template_id"""
    parameters = {"service": options.service} if options.service else {}
    answer = ask(lake_of(options), query, options.tenant, parameters=parameters)
    return show(options, {"templates": answer.rows, "truncated": answer.truncated}, as_table(answer, max_cell=100))


def _changed(options: argparse.Namespace) -> int:
    from logsight_assets.reader.template_windows import Windows, changed_templates

    lake = lake_of(options)
    end = moment(options.until, "--until") if options.until else lake.clock()
    windows = Windows.of(_since(lake, options.since), end, length(options.before, "--before"))
    found = changed_templates(lake, windows, options.tenant, options.service)
    rows = found.to_json()
    document = {
        "since": f"{windows.since:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{windows.until:%Y-%m-%dT%H:%M:%SZ}",
        "before": f"{windows.start:%Y-%m-%dT%H:%M:%SZ}",
        "templates": rows,
        "truncated": found.is_truncated,
    }
    text = "".join(f"{_change_text(row)}\n" for row in rows) or "no template is new, gone, or comes at another rate\n"
    return show(options, document, text.rstrip("\n"))


def _since(lake: Lake, text: str) -> datetime:
    """A time, or the time of the change with this id."""
    from logsight_assets.reader.ask import ask

    if not _CHANGE_ID.fullmatch(text):
        return moment(text, "--since")
    query = "select change_time from changes where change_id = $id limit 1"
    rows = ask(lake, query, parameters={"id": text}).rows
    if not rows:
        raise UsageError(f'--since {text}: no change has this id; `logsight sql "select * from changes"` lists them')
    return datetime.fromisoformat(rows[0]["change_time"]).replace(tzinfo=UTC)


def _change_text(row: Mapping[str, Any]) -> str:
    from logsight_assets.visible import visible

    rate = "" if row["rate_ratio"] is None else f", {row['rate_ratio']:.2g} times as often"
    counts = f"{row['before_count']:,} before, {row['after_count']:,} since{rate}"
    place = visible(f"{row['tenant']}/{row['service']}")
    return f"{row['change']:<4}  {place}  {row['template_id']}  {counts}: {visible(row['template'])[:160]}"


def _pin(options: argparse.Namespace) -> int:
    from logsight_assets.templates.people import find, pin, take_back
    from logsight_assets.templates.pins import PIN

    lake = lake_of(options)
    said = said_of(options, lake)
    found = find(lake, options.template, options.tenant)
    if options.remove:
        take_back(lake, found, PIN, said)
    else:
        pin(lake, found, said, options.text)
    return _done(options, find(lake, found.template_id, found.tenant), "unpinned" if options.remove else "pinned")


def _name(options: argparse.Namespace) -> int:
    from logsight_assets.templates.people import find, name, take_back
    from logsight_assets.templates.pins import NAME

    if options.remove == (options.name is not None):
        raise UsageError("templates name: give a name, or --remove")
    lake = lake_of(options)
    said = said_of(options, lake)
    found = find(lake, options.template, options.tenant)
    if options.remove:
        take_back(lake, found, NAME, said)
    else:
        name(lake, found, said, options.name)
    return _done(options, found, "unnamed" if options.remove else "named")


def _done(options: argparse.Namespace, found: Found, what: str) -> int:
    from logsight_assets.visible import visible

    document = {
        "tenant": found.tenant,
        "service": found.service,
        "template_id": found.template_id,
        "template": found.template.text,
        "pattern_count": len(found.pattern_ids),
        "done": what,
    }
    return show(
        options, document, f"{found.template_id} {what}: {visible(found.service)}: {visible(found.template.text)}"
    )
