"""Verbs about templates: what kinds of lines there are, and what people decide about them."""

from __future__ import annotations

import argparse
import getpass
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from logsight_assets.cli.verbs import Verbs, lake_of, show
from logsight_assets.errors import UsageError

if TYPE_CHECKING:
    from logsight_assets.decisions import Said
    from logsight_assets.templates.people import Found


def register(verbs: Verbs) -> None:
    mining = verbs.add("mine", _mine, "find the templates of text files: CSV of line, template_id, template")
    mining.add_argument("files", nargs="+", metavar="FILE", type=Path, help="text file; one row a line, as it is")
    group = verbs.group("templates", "templates of log lines: list them, pin them, name them")
    listing = group.add("list", _list, "templates, the most frequent first")
    listing.add_argument("--tenant", help="of this tenant only (default: the operator's view of all)")
    listing.add_argument("--service", help="of this service only")
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
    parser.add_argument(
        "--until", metavar="TIME", help="when it ends, YYYY-MM-DD or YYYY-MM-DDTHH:MM, UTC (default: never)"
    )


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


def _pin(options: argparse.Namespace) -> int:
    from logsight_assets.templates.people import find, pin, take_back
    from logsight_assets.templates.pins import PIN

    lake = lake_of(options)
    found = find(lake, options.template, options.tenant)
    if options.remove:
        take_back(lake, found, PIN, _said(options))
    else:
        pin(lake, found, _said(options), options.text)
    return _done(options, find(lake, found.template_id, found.tenant), "unpinned" if options.remove else "pinned")


def _name(options: argparse.Namespace) -> int:
    from logsight_assets.templates.people import find, name, take_back
    from logsight_assets.templates.pins import NAME

    if options.remove == (options.name is not None):
        raise UsageError("templates name: give a name, or --remove")
    lake = lake_of(options)
    found = find(lake, options.template, options.tenant)
    if options.remove:
        take_back(lake, found, NAME, _said(options))
    else:
        name(lake, found, _said(options), options.name)
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


def _said(options: argparse.Namespace) -> Said:
    from logsight_assets.decisions import Said

    return Said(options.by or getpass.getuser(), options.why, _moment(options.until) if options.until else None)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--until {text!r} is no time: YYYY-MM-DD or YYYY-MM-DDTHH:MM, UTC") from None
