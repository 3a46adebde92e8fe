"""`logsight`: finds the verb, runs it, and turns what went wrong into one sentence and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

from logsight_assets.cli import (
    changes,
    deliveries,
    evaluate,
    incidents,
    on_call,
    pipeline,
    questions,
    reports,
    runbooks,
    signals,
    templates,
    upkeep,
)
from logsight_assets.cli.verbs import Verbs
from logsight_assets.errors import ConfigurationError, LogSightError, UsageError
from logsight_assets.visible import visible


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; returns the exit code."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if not options.verb:
        parser.print_help()
        return 2
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except (UsageError, ConfigurationError) as error:
        _say(error)
        return 2
    except LogSightError as error:
        _say(error)
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough; without this Python would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  whatever is left is a fault of ours, told in one sentence
        return _unexpected(options, error)
    except KeyboardInterrupt:
        print("logsight: interrupted; what is done is kept, run the same command again", file=sys.stderr)
        return 1
    return code


def make_parser() -> argparse.ArgumentParser:
    """All verbs and their options; `docs` are generated from it too."""
    parser = argparse.ArgumentParser(prog="logsight", description="Raw logs in, exact trend tables out.")
    verbs = Verbs(parser)
    incident_verbs = (incidents, on_call, changes, deliveries, evaluate, runbooks)
    for family in (pipeline, questions, templates, *incident_verbs, reports, signals, upkeep):
        family.register(verbs)
    return parser


def _say(error: LogSightError) -> None:
    """What went wrong; names in it may come from file names, which are strangers' text."""
    print(f"logsight: {visible(str(error), keep=chr(10))}", file=sys.stderr)


def _unexpected(options: argparse.Namespace, error: Exception) -> int:
    """One sentence for a fault of ours; where it happened goes to a file, without the message, which may hold data."""
    # A name that nobody can foresee: in a folder that all may write to, someone else's link would be followed.
    handle, file = tempfile.mkstemp(prefix=f"logsight-{options.verb}-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as trace:
        trace.writelines(traceback.format_tb(error.__traceback__))
    kind = type(error).__name__
    print(f"logsight: {options.verb} failed unexpectedly ({kind}); what is done is kept. See {file}", file=sys.stderr)
    return 1
