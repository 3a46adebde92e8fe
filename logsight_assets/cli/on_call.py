"""Verbs of people on call: `incidents list`, `show`, and what they do to one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from logsight_assets.cli.times import UNTIL_HELP, until
from logsight_assets.cli.verbs import Verbs, lake_of, many, show, who_of
from logsight_assets.lake import PLATFORM, Lake

if TYPE_CHECKING:
    from logsight_assets.incidents.records import IncidentRecords


def register(verbs: Verbs) -> None:
    acts = verbs.group("incidents", "what is broken, since when and why; and what people do about it")
    listed = acts.add("list", _list, "incidents, the newest first")
    listed.add_argument("--tenant", help="of this tenant only")
    listed.add_argument("--open", action="store_true", help="only those that are open")
    shown = acts.add("show", _show, "one incident: answer, evidence, what is missing, timeline")
    shown.add_argument("incident", help="its id, or a part that no other has")
    _of_person(acts.add("ack", _ack, "say that you have seen it"))
    assigned = _of_person(acts.add("assign", _assign, "say who is to deal with it"))
    assigned.add_argument("--to", required=True, metavar="NAME", help="who is to deal with it")
    named = _of_person(acts.add("cause", _cause, "say what the cause was, for comparing answers with it"))
    which = named.add_mutually_exclusive_group(required=True)
    which.add_argument("--service", metavar="NAME", help="the service in which the failure began")
    which.add_argument("--none", action="store_true", help="the logs do not show it")
    _of_person(acts.add("resolve", _resolve, "say that it is over"))
    approved = acts.add("approve", _approve, "approve an action of a runbook, and have it carried out once")
    approved.add_argument("incident", help="its id, or a part that no other has")
    approved.add_argument("action", help="RUNBOOK/ACTION, as `logsight incidents show` names it")
    approved.add_argument("--by", required=True, metavar="WHO", help="who approves it")
    approved.add_argument("--why", default="", metavar="TEXT", help="the reason")
    replayed = acts.add("replay", _replay, "make answer, prompt and check again from what is stored, and compare")
    replayed.add_argument("incident", help="its id, or a part that no other has")
    silenced = acts.add("silence", _silence, "notify nobody until a time: of an alarm, a service, or a tenant")
    _of_subject(silenced)
    silenced.add_argument("--until", required=True, metavar="TIME", help=UNTIL_HELP)
    _by_and_why(silenced)
    ended = acts.add("unsilence", _unsilence, "end a silence before its time, and tell what it held back")
    _by_and_why(_of_subject(ended))


def _of_person(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("incident", help="its id, or a part that no other has")
    return _by_and_why(parser)


def _of_subject(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--tenant", default=PLATFORM, help=f"whose incidents (default: {PLATFORM})")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--alarm", help="of this alarm only")
    only.add_argument("--service", help="of this service only")
    return parser


def _by_and_why(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--by", metavar="WHO", help="who does it (default: the user of this machine)")
    parser.add_argument("--why", default="", metavar="TEXT", help="the reason")
    return parser


def _list(options: argparse.Namespace) -> int:
    from logsight_assets.reader.ask import ask
    from logsight_assets.reader.render import as_table

    where = "where state = 'open'" if options.open else ""
    columns = "incident_id, tenant, state, severity, opened_time, service, verdict, suspect, suspect_score"
    question = f"select {columns} from incidents {where} order by opened_time desc, incident_id"
    answer = ask(lake_of(options), question, options.tenant)
    return show(options, {"incidents": answer.rows, "truncated": answer.truncated}, as_table(answer))


def _show(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.records import find_incident
    from logsight_assets.incidents.show import incident_document, incident_text

    records = find_incident(lake_of(options), options.incident)
    return show(options, incident_document(records), incident_text(records))


def _ack(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.people import acknowledge

    return _act(options, lambda lake, records: acknowledge(lake, records, who_of(options), options.why), "acknowledged")


def _assign(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.people import assign

    return _act(
        options, lambda lake, records: assign(lake, records, options.to, who_of(options), options.why), "assigned"
    )


def _cause(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.people import name_cause

    def act(lake: Lake, records: IncidentRecords) -> None:
        name_cause(lake, records, None if options.none else options.service, who_of(options), options.why)

    return _act(options, act, "has a cause now")


def _resolve(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.people import resolve

    return _act(options, lambda lake, records: resolve(lake, records, who_of(options), options.why), "resolved")


def _act(options: argparse.Namespace, act: Callable[[Lake, IncidentRecords], None], done: str) -> int:
    from logsight_assets.incidents.records import find_incident

    lake = lake_of(options)
    records = find_incident(lake, options.incident)
    act(lake, records)
    document = {"incident_id": records.incident_id, "record": records.all()[-1].to_json()}
    return show(options, document, f"incident {records.incident_id} {done}")


def _approve(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.actions import approve
    from logsight_assets.incidents.records import find_incident
    from resources.actions import DryRun

    lake = lake_of(options)
    records = find_incident(lake, options.incident)
    outcome = approve(lake, records, options.action, DryRun(), options.by, options.why)
    return show(options, {"incident_id": records.incident_id, "outcome": outcome}, outcome)


def _replay(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.investigate import investigate
    from logsight_assets.incidents.records import find_incident
    from logsight_assets.incidents.summary.replay import replay
    from logsight_assets.visible import visible

    lake = lake_of(options)
    again = replay(lake, find_incident(lake, options.incident), investigate)
    lines = [f"{part.name}: {part.result}" + (f", {visible(part.why)}" if part.why else "") for part in again.parts]
    show(options, again.to_json(), "\n".join(lines))
    return 0 if again.is_equal else 1


def _silence(options: argparse.Namespace) -> int:
    from logsight_assets.decisions import Said
    from logsight_assets.incidents.people import covered_by, silence
    from logsight_assets.visible import visible

    lake = lake_of(options)
    end = until(options.until, lake.clock())
    decision = silence(lake, options.tenant, _subject(options), Said(who_of(options), options.why, end))
    incidents = covered_by(lake, options.tenant, _subject(options))
    document = {
        "subject": decision.subject,
        "tenant": options.tenant,
        "until": end.isoformat(),
        "who": decision.who,
        "incidents": incidents,
    }
    covered = (
        f"it covers {many(len(incidents), 'open incident') if incidents else 'no open incident'} of {options.tenant}"
    )
    return show(options, document, f"{visible(decision.subject)} is silent until {end:%Y-%m-%d %H:%M %Z}; {covered}")


def _unsilence(options: argparse.Namespace) -> int:
    from logsight_assets.decisions import Said
    from logsight_assets.incidents.people import end_silence
    from logsight_assets.visible import visible

    said = Said(who_of(options), options.why)
    decision, incidents = end_silence(lake_of(options), options.tenant, _subject(options), said)
    document = {
        "subject": decision.subject,
        "tenant": options.tenant,
        "ended_time": decision.made_time.isoformat(),
        "who": decision.who,
        "why": decision.why,
        "incidents": incidents,
    }
    told = f"what it held back of {many(len(incidents), 'incident')} is told" if incidents else "it covered no incident"
    return show(options, document, f"{visible(decision.subject)} is silent no more; {told}")


def _subject(options: argparse.Namespace) -> dict[str, str]:
    """What a silence is about; nothing is the whole tenant."""
    return {kind: name for kind, name in (("alarm", options.alarm), ("service", options.service)) if name}
