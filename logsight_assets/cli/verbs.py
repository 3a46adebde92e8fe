"""What all verbs share: how one is declared, which lake it is about, how its answer is shown."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake, open_lake

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
    return open_lake(location, os.environ)


def show(options: argparse.Namespace, document: dict[str, Any], text: str) -> int:
    """Print the answer: the document with `--json`, else the text. Returns exit code 0."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False) if options.json else text)
    return 0


def tell(text: str) -> None:
    """Say something beside the answer, on stderr."""
    print(text, file=sys.stderr, flush=True)


def many(count: int, thing: str) -> str:
    """A count with its noun: `1 line`, `2,000 lines`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
