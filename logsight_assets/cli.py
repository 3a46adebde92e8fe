"""The command line: reads arguments, calls one function, shows what it returns. Nothing is decided here.

With `--json` one document goes to stdout and nothing else; progress and messages go to stderr. Exit codes: 0 done,
1 failed, 2 wrong usage. Modules are imported by the verb that needs them, so that `--help` and `sql` start at once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logsight_assets.errors import ConfigurationError, LogSightError, UsageError
from logsight_assets.lake import Lake, open_lake
from logsight_assets.settings import TENANT_NAME
from logsight_assets.timeline import Hour

if TYPE_CHECKING:
    from logsight_assets.build import BuildSummary

DEMO_LAKE = "demo-lake"
_MAKES_A_LAKE = {"demo", "run", "up", "add", "doctor"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.verb:
        parser.print_help()
        return 2
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except (UsageError, ConfigurationError) as error:
        print(f"logsight: {error}", file=sys.stderr)
        return 2
    except LogSightError as error:
        print(f"logsight: {error}", file=sys.stderr)
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


def _unexpected(options: argparse.Namespace, error: Exception) -> int:
    """One sentence for a fault of ours; where it happened goes to a file, without the message, which may hold data."""
    # A name that nobody can foresee: in a folder that all may write to, someone else's link would be followed.
    handle, file = tempfile.mkstemp(prefix=f"logsight-{options.verb}-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as trace:
        trace.writelines(traceback.format_tb(error.__traceback__))
    kind = type(error).__name__
    print(f"logsight: {options.verb} failed unexpectedly ({kind}); what is done is kept. See {file}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="logsight", description="Raw logs in, exact trend tables out.")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        found = verbs.add_parser(name, help=text, description=text)
        found.add_argument("--lake", default=None, help="folder of the lake (default: $LOGSIGHT_LAKE, else ./lake)")
        found.add_argument("--json", action="store_true", help="print one JSON document on stdout")
        found.set_defaults(run=run)
        return found

    verb("demo", _demo, "sample logs with a known fault, from raw objects to trend tables; ends")
    verb("run", _run, "the demo, then serve it until Ctrl-C")
    verb("up", _up, "serve the Dagster UI with its daemon until Ctrl-C")
    _add_arguments(verb("add", _add, "put files or folders into raw, verbatim"))
    _build_arguments(verb("build", _build, "materialise everything that is not up to date"))
    sql = verb("sql", _sql, "ask a guarded, read-only question over the lake's tables")
    sql.add_argument("query", help="one SELECT statement")
    sql.add_argument("--tenant", help="see this tenant's rows only (default: the operator's view of all)")
    sql.add_argument("--csv", action="store_true", help="print CSV")
    verb("quarantine", _quarantine, "reasons, counts and redacted examples of refused lines")
    verb("retain", _retain, "seal and remove what is older than the settings keep")
    erase = verb("erase", _erase, "remove a tenant everywhere and write a certificate of counts")
    erase.add_argument("--tenant", required=True, help="the tenant")
    erase.add_argument("--yes", action="store_true", help="do it; without it only what would go is shown")
    verb("rehydrate", _rehydrate, "rebuild Dagster's partition status from the lake")
    verb("rotate-key", _rotate, "make tokens with a new key; older tokens stay searchable")
    verb("doctor", _doctor, "check settings and everything that LogSight depends on")
    return parser


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, help="files, folders, or a folder in the raw layout")
    parser.add_argument("--source", help="name of the source (default: import)")
    parser.add_argument("--tenant", help="tenant of lines that name none (default: default)")
    parser.add_argument("--service", help="service of lines that name none (default: the file's name)")
    parser.add_argument("--environment", help="environment of lines that name none")
    parser.add_argument("--arrival", metavar="HOUR", help="arrival hour, YYYY-MM-DDTHH (default: now)")


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="start", metavar="HOUR", help="first arrival hour, YYYY-MM-DDTHH")
    parser.add_argument("--to", dest="end", metavar="HOUR", help="arrival hour to stop before")
    parser.add_argument("--replay", action="store_true", help="do again what is up to date, under today's rules")


def _lake(options: argparse.Namespace, default: str = "lake") -> Lake:
    """The lake that the verb is about; one that only works with what is there never makes a lake of a misspelt name."""
    location = options.lake or os.environ.get("LOGSIGHT_LAKE") or default
    if options.verb not in _MAKES_A_LAKE and "://" not in location and not Path(location).exists():
        raise UsageError(f"lake {location!r} is not there; check --lake, or make one with `logsight add`")
    return open_lake(location, os.environ)


def _show(options: argparse.Namespace, document: dict[str, Any], text: str) -> int:
    print(json.dumps(document, ensure_ascii=False, allow_nan=False) if options.json else text)
    return 0


def _demo(options: argparse.Namespace) -> int:
    lake = _lake(options, DEMO_LAKE)
    _tell(f"lake {lake.store.uri('x')[:-2]}")
    summary = _load_and_build(lake)
    ask = 'logsight sql "select * from service_trend_day" --lake'
    place = options.lake or DEMO_LAKE
    text = f"{_summary_text(summary)}\nask it: {ask} {place}\nsee it: logsight up --lake {place}"
    return _show(options, summary.to_json(), text)


def _load_and_build(lake: Lake) -> BuildSummary:
    from logsight_assets.demo import load_sample
    from logsight_assets.progress import building, counting

    with counting("sample logs") as step:
        loaded = load_sample(lake, step)
    _tell(f"{loaded.objects} sample objects put, up to {loaded.end:%Y-%m-%d %H:%M} UTC")
    return building(lake)


def _run(options: argparse.Namespace) -> int:
    from logsight_assets.serve.processes import plan, reserve, up

    lake = _lake(options, DEMO_LAKE)
    listening = reserve(lake)
    print(plan(lake, listening), flush=True)
    print(_summary_text(_load_and_build(lake)), flush=True)
    return up(lake, sys.stdout, listening=listening, environment=os.environ)


def _up(options: argparse.Namespace) -> int:
    from logsight_assets.serve.processes import up

    return up(_lake(options), sys.stdout, environment=os.environ)


def _add(options: argparse.Namespace) -> int:
    from logsight_assets.intake.add import DEFAULT_SOURCE, Defaults, add

    defaults = Defaults(options.source or DEFAULT_SOURCE, options.tenant, options.service, options.environment)
    arrival = Hour.parse(options.arrival) if options.arrival else None
    added = add(_lake(options), options.paths, defaults, arrival)
    document = {"objects": [{"key": a.key, "path": a.path, "bytes": a.size} for a in added]}
    size = sum(a.size for a in added)
    text = (
        f"{_many(len(added), 'object')} added, {size:,} bytes; `logsight build` reads them" if added else "nothing new"
    )
    return _show(options, document, text)


def _build(options: argparse.Namespace) -> int:
    from logsight_assets.intake.arrivals import unreachable
    from logsight_assets.intake.run import sources_of
    from logsight_assets.progress import building

    start = Hour.parse(options.start) if options.start else None
    end = Hour.parse(options.end) if options.end else None
    lake = _lake(options)
    for name, place in unreachable(sources_of(lake)).items():
        _tell(f"source {name}: location: {place} is no folder; its objects were not looked for")
    summary = building(lake, start, end, replay=options.replay)
    return _show(options, summary.to_json(), _summary_text(summary))


def _summary_text(summary: BuildSummary) -> str:
    from logsight_assets.visible import visible

    held = summary.to_json()
    faults = "".join(f"\n  fault: {f['fault']} in {visible(f['raw_key'])}" for f in held["faults"][:20])
    return (
        f"{_many(held['objects'], 'object')}, {_many(held['lines'], 'line')}: {_many(held['events'], 'event')}, "
        f"{held['quarantined']:,} quarantined, {held['ignored_lines']:,} ignored, {held['late']:,} late\n"
        f"{_many(len(held['event_hours']), 'event hour')}, {_many(held['duplicates'], 'duplicate')} counted once, "
        f"{held['seconds']:.1f} s{faults}"
    )


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def _sql(options: argparse.Namespace) -> int:
    from logsight_assets.reader.ask import ask
    from logsight_assets.reader.render import as_csv, as_table

    if options.csv and options.json:
        raise UsageError("--csv and --json: choose one")
    answer = ask(_lake(options), options.query, options.tenant)
    if options.csv:
        print(as_csv(answer), end="")
        return 0
    document = {"columns": answer.columns, "types": answer.types, "rows": answer.rows, "truncated": answer.truncated}
    return _show(options, document, as_table(answer))


def _quarantine(options: argparse.Namespace) -> int:
    from logsight_assets.intake.quarantine_report import quarantine_report, report_text

    report = quarantine_report(_lake(options))
    return _show(options, report, report_text(report))


def _retain(options: argparse.Namespace) -> int:
    from logsight_assets.upkeep import retain

    done = retain(_lake(options))
    document = {"sealed_hours": done.sealed, "removed": dict(done.removed), "postponed": dict(done.postponed)}
    lines = [f"{done.sealed} hours sealed"]
    lines += [f"{count:>8,} objects removed from {table}" for table, count in sorted(done.removed.items())]
    lines += [f"{count:>8,} windows of {table} wait for a refresh" for table, count in sorted(done.postponed.items())]
    return _show(options, document, "\n".join(lines))


def _erase(options: argparse.Namespace) -> int:
    from logsight_assets.trends.erase import count, is_erased
    from logsight_assets.upkeep import erase_tenant

    lake = _lake(options)
    if not TENANT_NAME.fullmatch(options.tenant):
        raise UsageError(f"tenant {options.tenant!r} must match {TENANT_NAME.pattern}")
    found = count(lake.store, options.tenant)
    if not found.objects and not is_erased(lake.store, options.tenant):
        raise UsageError(f"tenant {options.tenant}: nothing of it is in this lake; check the name")
    if options.yes:
        found = erase_tenant(lake, options.tenant)
    document = {
        "erased": options.yes,
        "objects": found.objects,
        "events": found.events,
        "blanked_objects": found.blanked.objects,
        "blanked_lines": found.blanked.lines,
        "shared_lines": found.blanked.shared_lines,
    }
    lines = [f"{count:>8,} objects of {area}" for area, count in sorted(found.objects.items())]
    lines += [f"{found.events:>8,} events"]
    if options.yes:
        lines += [f"{found.blanked.lines:>8,} lines blanked in {found.blanked.objects:,} raw objects of mixed sources"]
        if found.blanked.shared_lines:
            lines += [
                f"{found.blanked.shared_lines:>8,} raw lines hold other tenants' records too and stay in the vault"
            ]
        lines += ["the tenant is erased; its certificate is in certificates/"]
    else:
        lines += ["nothing was removed; --yes removes it, for good"]
    return _show(options, document, "\n".join(lines))


def _rehydrate(options: argparse.Namespace) -> int:
    from logsight_assets.dagster_storage import rehydrate
    from logsight_assets.progress import dagster_instance

    lake = _lake(options)
    with dagster_instance(lake) as instance:
        reported = rehydrate(lake, instance)
    text = "\n".join(f"{asset}: {count} partitions" for asset, count in reported.items())
    text = text or "Dagster knows every partition that the lake holds"
    return _show(options, {"partitions": reported}, text)


def _rotate(options: argparse.Namespace) -> int:
    from logsight_assets.intake.keys import rotate_redaction_key

    version = rotate_redaction_key(_lake(options).state)
    return _show(options, {"key_version": version}, f"redaction key version {version} is in use from now on")


def _doctor(options: argparse.Namespace) -> int:
    from logsight_assets.doctor import effective_values, examine

    lake = _lake(options)
    checks, found = list(examine(lake)), effective_values(lake)
    lines = [f"{v['setting']:34} {v['value']!s:14} {v['origin']}" for v in found]
    lines += [""] + [
        f"{'ok  ' if c.is_ok else 'FAIL'} {c.name}: {c.detail}" + ("" if c.is_ok else f" → {c.remedy}") for c in checks
    ]
    _show(options, {"settings": found, "checks": [c.to_json() for c in checks]}, "\n".join(lines))
    return 0 if all(check.is_ok for check in checks) else 1


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
