"""Verbs that only ask: sql, quarantine, tokens."""

from __future__ import annotations

import argparse

from logsight_assets.cli.verbs import Verbs, lake_of, show, tenant_of
from logsight_assets.errors import UsageError
from logsight_assets.intake.redaction.policy import Kind


def register(verbs: Verbs) -> None:
    sql = verbs.add("sql", _sql, "ask a guarded, read-only question over the lake's tables")
    sql.add_argument("query", help="one SELECT statement")
    sql.add_argument("--tenant", help="see this tenant's rows only (default: the operator's view of all)")
    sql.add_argument("--csv", action="store_true", help="print CSV")
    verbs.add("quarantine", _quarantine, "reasons, counts and redacted examples of refused lines")
    tokens = verbs.add("tokens", _tokens, "under which tokens an address or number stands, of all keys, newest first")
    tokens.add_argument("value", help="the address or number, written in any usual way")
    kinds = [kind.lower() for kind in Kind if kind is not Kind.SECRET]
    tokens.add_argument("--kind", choices=kinds, default="email", help="what it is, as in a token (default: email)")
    tokens.add_argument("--tenant", required=True, help="in whose events: each tenant has tokens of its own")


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


def _tokens(options: argparse.Namespace) -> int:
    from logsight_assets.intake.keys import load_keys

    ring = load_keys(lake_of(options).state).ring
    tokens = ring.tokens_for(options.value, Kind(options.kind.upper()), tenant_of(options))
    return show(options, {"tokens": tokens}, "\n".join(tokens))
