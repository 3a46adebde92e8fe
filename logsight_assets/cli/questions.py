"""Verbs that only ask: sql, quarantine."""

from __future__ import annotations

import argparse

from logsight_assets.cli.verbs import Verbs, lake_of, show
from logsight_assets.errors import UsageError


def register(verbs: Verbs) -> None:
    sql = verbs.add("sql", _sql, "ask a guarded, read-only question over the lake's tables")
    sql.add_argument("query", help="one SELECT statement")
    sql.add_argument("--tenant", help="see this tenant's rows only (default: the operator's view of all)")
    sql.add_argument("--csv", action="store_true", help="print CSV")
    verbs.add("quarantine", _quarantine, "reasons, counts and redacted examples of refused lines")


def _sql(options: argparse.Namespace) -> int:
    from logsight_assets.reader.ask import ask
    from logsight_assets.reader.render import as_csv, as_table

    if options.csv and options.json:
        raise UsageError("--csv and --json: choose one")
    answer = ask(lake_of(options), options.query, options.tenant)
    if options.csv:
        print(as_csv(answer), end="")
        return 0
    document = {"columns": answer.columns, "types": answer.types, "rows": answer.rows, "truncated": answer.truncated}
    return show(options, document, as_table(answer))


def _quarantine(options: argparse.Namespace) -> int:
    from logsight_assets.intake.quarantine_report import quarantine_report, report_text

    report = quarantine_report(lake_of(options))
    return show(options, report, report_text(report))
