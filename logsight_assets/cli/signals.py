"""Verbs about signals: anomalies and what people accept of them, alarm rules tried on the past."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logsight_assets.cli.times import UNTIL_HELP
from logsight_assets.cli.verbs import Verbs, lake_of, many, said_of, show
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake
from logsight_assets.timeline import parse_day

if TYPE_CHECKING:
    from logsight_assets.alarm_rules.backtest import Result


def register(verbs: Verbs) -> None:
    group = verbs.group("anomalies", "hours that are unlike their own past: list them, accept them")
    listing = group.add("list", _list, "episodes of anomalies, the latest first")
    listing.add_argument("--tenant", help="of this tenant only (default: the operator's view of all)")
    listing.add_argument("--service", help="of this service only")
    listing.add_argument(
        "--from", dest="start", metavar="HOUR", help="first hour, YYYY-MM-DDTHH (default: 48 hours ago)"
    )
    listing.add_argument("--to", dest="end", metavar="HOUR", help="hour to stop before (default: none)")
    accept = group.add("accept", _accept, "say that an anomaly is known, or is the new normal")
    accept.add_argument("episodes", nargs="+", metavar="EPISODE", help="id of an episode")
    accept.add_argument("--tenant", help="their tenant, where several have the same ids")
    accept.add_argument("--by", metavar="WHO", help="who owns the decision (default: the user of this machine)")
    accept.add_argument("--why", default="", help="why")
    accept.add_argument("--until", metavar="TIME", help=UNTIL_HELP)
    backtest = verbs.add("backtest", _backtest, "what today's alarm rules would have raised in the past; wakes nobody")
    backtest.add_argument("--from", dest="start", metavar="DAY", help="first day, YYYY-MM-DD (default: a week in all)")
    backtest.add_argument("--to", dest="end", metavar="DAY", help="last day, YYYY-MM-DD (default: today)")
    backtest.add_argument("--labels", type=Path, help="YAML file of known incidents (default: backtest_labels.yaml)")
    backtest.add_argument("--tenant", help="of this tenant only")
    accept.add_argument("--remove", action="store_true", help="take the acceptance back")


def _backtest(options: argparse.Namespace) -> int:
    from logsight_assets.alarm_rules.backtest import read_labels
    from logsight_assets.alarm_rules.past_days import backtest, labels_of
    from logsight_assets.scratch import embedded_engine

    lake = lake_of(options)
    days = _days(options, lake)
    labels = read_labels(options.labels) if options.labels else labels_of(lake)
    with embedded_engine(lake) as engine:
        found = backtest(lake, engine, days, labels, options.tenant)
    rules = {name: found.of_rule(name) for name in found.rules}
    document = {
        "from": days[0],
        "to": days[-1],
        "incidents": len(found.labels),
        "rules": [{"rule": name, **_figures(each)} for name, each in rules.items()],
        **_figures(found),
    }
    lines = [f"{days[0]} to {days[-1]}: {many(len(found.labels), 'labelled incident')}"]
    lines += [_line(name, each) for name, each in [*rules.items(), ("all together", found)]]
    return show(options, document, "\n".join(lines))


def _figures(found: Result) -> dict[str, Any]:
    return {
        "alarms": len(found.spans),
        "alarms_a_day": round(found.alarms_a_day, 3),
        "precision": None if found.precision is None else round(found.precision, 3),
        "recall": None if found.recall is None else round(found.recall, 3),
        "missed": found.missed,
    }


def _line(name: str, found: Result) -> str:
    held = _figures(found)
    if not found.labels:
        return f"  {name}: {many(held['alarms'], 'alarm')}, {held['alarms_a_day']:.2f} a day"
    precision = "-" if held["precision"] is None else f"{held['precision']:.2f}"
    figures = f"precision {precision}, recall {held['recall']:.2f}"
    return f"  {name}: {many(held['alarms'], 'alarm')}, {held['alarms_a_day']:.2f} a day, {figures}"


def _days(options: argparse.Namespace, lake: Lake) -> list[str]:
    """Days from --from to --to, both included; without them the week up to today."""
    last = parse_day(options.end) if options.end else lake.now.start
    first = parse_day(options.start) if options.start else last - timedelta(days=6)
    count = (last.date() - first.date()).days + 1
    if count < 1:
        raise UsageError("backtest: --to must not be before --from")
    return [f"{first + timedelta(days=number):%Y-%m-%d}" for number in range(count)]


def _list(options: argparse.Namespace) -> int:
    from logsight_assets.reader.ask import ask
    from logsight_assets.reader.render import as_table
    from logsight_assets.timeline import Hour

    lake = lake_of(options)
    start = Hour.parse(options.start) if options.start else lake.now - 48
    where = ["episode_id is not null", f"hour_time >= timestamp '{start.start:%Y-%m-%d %H}:00:00'"]
    if options.end:
        where.append(f"hour_time < timestamp '{Hour.parse(options.end).start:%Y-%m-%d %H}:00:00'")
    if options.service:
        where.append("service = $service")
    query = f"""select tenant, episode_id, service, template_id, metric, arg_max(direction, hour_time) as direction,
            arg_max(state, hour_time) as state, min(hour_time) as since, count(*) as hours, max(score) as score,
            arg_max(reason, hour_time) as reason
        from anomalies where {" and ".join(where)}
        group by tenant, episode_id, service, template_id, metric
        order by since desc, score desc, tenant, service, template_id, metric"""
    parameters = {"service": options.service} if options.service else {}
    answer = ask(lake, query, options.tenant, parameters=parameters)
    return show(options, {"anomalies": answer.rows, "truncated": answer.truncated}, as_table(answer, max_cell=100))


def _accept(options: argparse.Namespace) -> int:
    from logsight_assets.anomalies.acceptance import accept, take_back, tenant_of

    lake = lake_of(options)
    said = said_of(options, lake)
    change = take_back if options.remove else accept
    done = "no longer accepted" if options.remove else "accepted"
    changed = []
    for episode in options.episodes:
        tenant = tenant_of(lake, episode, options.tenant)
        series = change(lake, tenant, episode, said)
        changed.append({"tenant": tenant, "episode_id": episode, **series._asdict()})
    text = f"{many(len(changed), 'episode')} {done}; the next build judges the hours again"
    return show(options, {"episodes": changed, "done": done}, text)
