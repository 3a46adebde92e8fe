"""Verbs that bring logs in and materialise them: demo, run, up, add, build."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logsight_assets.cli.verbs import Verbs, environment_of, hours_asked_for, lake_of, many, show, tell
from logsight_assets.lake import Lake
from logsight_assets.timeline import Hour
from logsight_assets.visible import visible

if TYPE_CHECKING:
    from logsight_assets.build import BuildSummary
    from logsight_assets.demo import Loaded

DEMO_LAKE = "demo-lake"


def register(verbs: Verbs) -> None:
    verbs.add("demo", _demo, "sample logs with a known fault, from raw objects to trend tables; ends", makes_lake=True)
    verbs.add("run", _run, "the demo, then serve it until Ctrl-C", makes_lake=True)
    verbs.add("up", _up, "serve the Dagster UI with its daemon until Ctrl-C", makes_lake=True)
    _add_arguments(verbs.add("add", _add, "put files or folders into raw, verbatim", makes_lake=True))
    _build_arguments(verbs.add("build", _build, "materialise everything that is not up to date"))


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


def _demo(options: argparse.Namespace) -> int:
    lake = lake_of(options, DEMO_LAKE)
    tell(f"lake {lake.store.uri('x')[:-2]}")
    loaded, summary = _load_and_build(lake)
    signals, raised = _signals_of_fault(lake)
    document, told = _report_of_fault(lake, loaded)
    ask = 'logsight sql "select * from service_trend_day" --lake'
    place = options.lake or DEMO_LAKE
    text = f"{_summary_text(summary)}\n{raised}\n{told}\nask it: {ask} {place}\nsee it: logsight up --lake {place}"
    return show(options, summary.to_json() | signals | document, text)


def _signals_of_fault(lake: Lake) -> tuple[dict[str, Any], str]:
    """From the alarms that the rules make of the last hours to incidents that are answered and delivered.

    Returns the document's part and lines of text.
    """
    from logsight_assets.cli.incidents import answered
    from logsight_assets.delivery.incident_message import incident_document
    from logsight_assets.delivery.message import Style
    from logsight_assets.demo import main_incident, raise_alarms, take_alarms
    from logsight_assets.incidents.assets import taken_events
    from logsight_assets.incidents.state import fold
    from logsight_assets.progress import run_jobs
    from sensors import alarms, deliveries

    raised = raise_alarms(lake)
    run_jobs(lake, alarms.JOB, deliveries.JOB, told=taken_events(take_alarms(lake)))
    text = f"{many(raised.alarms, 'alarm')} by {many(raised.rules, 'rule')}; `logsight anomalies list`"
    records = main_incident(lake)
    if records is None:
        return {"alarms": raised.alarms}, text
    message = incident_document(
        records.incident_id, fold(records.all()), Style("templates", "UTC", tenant=records.tenant)
    )
    lines = [message.title, *(f"  {label}: {said}" for label, said in message.lines), f"  {message.command}"]
    return {"alarms": raised.alarms, **answered(lake, records)}, "\n".join([text, *lines])


def _report_of_fault(lake: Lake, loaded: Loaded) -> tuple[dict[str, Any], str]:
    """Make the reports of the day of the fault; the document's part and the text of the platform's."""
    from logsight_assets.cli.reports import first_of, text_of
    from logsight_assets.reports.period import Period
    from logsight_assets.reports.produce import make_reports

    period = Period.day(loaded.fault_day)
    made = make_reports(lake, period, again=True)
    first = first_of(made)
    return {"report": lake.store.uri(first.page_key)}, text_of(lake, period, [first])


def _load_and_build(lake: Lake) -> tuple[Loaded, BuildSummary]:
    from logsight_assets.demo import load_sample
    from logsight_assets.progress import building, counting

    with counting("sample logs") as step:
        loaded = load_sample(lake, step)
    tell(f"{loaded.objects} sample objects put, up to {loaded.end:%Y-%m-%d %H:%M} UTC")
    return loaded, building(lake)


def _run(options: argparse.Namespace) -> int:
    from logsight_assets.serve.processes import plan, reserve, up

    lake = lake_of(options, DEMO_LAKE)
    listening = reserve(lake)
    print(plan(lake, listening), flush=True)
    loaded, summary = _load_and_build(lake)
    print(f"{_summary_text(summary)}\n{_signals_of_fault(lake)[1]}", flush=True)
    print(_report_of_fault(lake, loaded)[1], flush=True)
    return up(lake, sys.stdout, listening=listening, environment=environment_of(options))


def _up(options: argparse.Namespace) -> int:
    from logsight_assets.serve.processes import up

    return up(lake_of(options), sys.stdout, environment=environment_of(options))


def _add(options: argparse.Namespace) -> int:
    from logsight_assets.intake.add import DEFAULT_SOURCE, Defaults, add

    defaults = Defaults(options.source or DEFAULT_SOURCE, options.tenant, options.service, options.environment)
    arrival = Hour.parse(options.arrival) if options.arrival else None
    added = add(lake_of(options), options.paths, defaults, arrival)
    document = {"objects": [{"key": a.key, "path": a.path, "bytes": a.size} for a in added]}
    size = sum(a.size for a in added)
    text = (
        f"{many(len(added), 'object')} added, {size:,} bytes; `logsight build` reads them" if added else "nothing new"
    )
    return show(options, document, text)


def _build(options: argparse.Namespace) -> int:
    from logsight_assets.intake.arrivals import unreachable
    from logsight_assets.intake.raw import MISNAMED, misnamed
    from logsight_assets.intake.run import declared_sources
    from logsight_assets.progress import building

    start, end = hours_asked_for(options)
    lake = lake_of(options)
    declared = declared_sources(lake)
    for name, why in unreachable(declared.by_name).items():
        tell(f"source {name}: location: {why}; its objects were not looked for")
    for folder in misnamed(lake.store):
        tell(f"{visible(folder)} {MISNAMED}")
    summary = building(lake, start, end, replay=options.replay)
    # A source's file that is wrong keeps that source's objects waiting; it is said when all else is done.
    declared.whole()
    return show(options, summary.to_json(), _summary_text(summary))


def _summary_text(summary: BuildSummary) -> str:
    held = summary.to_json()
    faults = "".join(f"\n  fault: {f['fault']} in {visible(f['raw_key'])}" for f in held["faults"][:20])
    return (
        f"{many(held['objects'], 'object')}, {many(held['lines'], 'line')}: {many(held['events'], 'event')}, "
        f"{held['quarantined']:,} quarantined, {held['ignored_lines']:,} ignored, {held['late']:,} late\n"
        f"{many(len(held['event_hours']), 'event hour')}, {many(held['duplicates'], 'duplicate')} counted once, "
        f"{held['seconds']:.1f} s{faults}"
    )
