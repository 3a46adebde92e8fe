"""What all verbs share: how one is declared, which lake it is about, how its answer is shown."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from logsight_assets.cli.times import until
from logsight_assets.decisions import Said
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake, open_lake
from logsight_assets.settings import TENANT_NAME, variable_of
from logsight_assets.timeline import Hour

Run = Callable[[argparse.Namespace], int]


class Verbs:
    """The verbs of the command line, as they are declared."""

    def __init__(self, parser: argparse.ArgumentParser, dest: str = "verb") -> None:
        self._verbs = parser.add_subparsers(dest=dest, metavar=dest.upper())

    def add(self, name: str, run: Run, text: str, *, makes_lake: bool = False) -> argparse.ArgumentParser:
        """Declare a verb over a lake. One that only works with what is there never makes a lake of a misspelt name."""
        found = self._verbs.add_parser(name, help=text, description=text)
        found.add_argument("--lake", default=None, help="folder of the lake (default: $LOGSIGHT_LAKE, else ./lake)")
        found.add_argument("--json", action="store_true", help="print one JSON document on stdout")
        text = "a setting for this once, such as engine.threads=1; wins over environment and file"
        found.add_argument("--set", dest="flags", action="append", default=[], metavar="SETTING=VALUE", help=text)
        found.set_defaults(run=run, makes_lake=makes_lake)
        return found

    def group(self, name: str, text: str) -> Verbs:
        """Declare a verb that has verbs of its own, such as `incidents list`; alone it shows them."""
        found = self._verbs.add_parser(name, help=text, description=text)

        def alone(_: argparse.Namespace) -> int:
            found.print_help()
            return 2

        found.set_defaults(run=alone)
        return Verbs(found, "act")


def lake_of(options: argparse.Namespace, default: str = "lake") -> Lake:
    """The lake that the verb is about."""
    location = options.lake or os.environ.get("LOGSIGHT_LAKE") or default
    if not options.makes_lake and "://" not in location and not Path(location).exists():
        raise UsageError(f"lake {location!r} is not there; check --lake, or make one with `logsight add`")
    return open_lake(location, os.environ, _flags(options))


def environment_of(options: argparse.Namespace) -> dict[str, str]:
    """The environment, with `--set` in it for processes that open the lake anew."""
    return os.environ | {variable_of(name): value for name, value in _flags(options).items()}


def _flags(options: argparse.Namespace) -> dict[str, str]:
    flags = [text.partition("=") for text in options.flags]
    for name, equals, _ in flags:
        if not equals:
            raise UsageError(f"--set {name}: is written SETTING=VALUE, for example engine.threads=1")
    return {name: value for name, _, value in flags}


def show(options: argparse.Namespace, document: dict[str, Any], text: str) -> int:
    """Print the answer: the document with `--json`, else the text. Returns exit code 0."""
    print(_as_json(document) if options.json else text)
    return 0


def _as_json(document: dict[str, Any]) -> str:
    """One line in ASCII: log text may hold what steers a terminal, also the DEL that JSON leaves as it is."""
    return json.dumps(document, allow_nan=False).replace("\x7f", "\\u007f")


def tenant_of(options: argparse.Namespace) -> str:
    """`--tenant`, as a name that a tenant can have."""
    tenant: str = options.tenant
    if not TENANT_NAME.fullmatch(tenant):
        raise UsageError(f"tenant {tenant!r} must match {TENANT_NAME.pattern}")
    return tenant


def hours_asked_for(options: argparse.Namespace) -> tuple[Hour | None, Hour | None]:
    """`--from` and `--to`, the hour to stop before; None where nothing is said."""
    start, end = (Hour.parse(text) if text else None for text in (options.start, options.end))
    if start is not None and end is not None and start >= end:
        raise UsageError(f"--to {end} must lie after --from {start}: it is the hour to stop before")
    return start, end


def tell(text: str) -> None:
    """Say something beside the answer, on stderr."""
    print(text, file=sys.stderr, flush=True)


def who_of(options: argparse.Namespace) -> str:
    """Whoever is named by `--by`, else the user of the machine."""
    return str(options.by or getpass.getuser())


def said_of(options: argparse.Namespace, lake: Lake) -> Said:
    """Who decides, why, and until when, as `--by`, `--why` and `--until` say."""
    return Said(who_of(options), options.why, until(options.until, lake.clock()) if options.until else None)


def many(count: int, thing: str) -> str:
    """A count with its noun: `1 line`, `2,000 lines`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
