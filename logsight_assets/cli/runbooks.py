"""Verbs of runbooks: `runbooks list`, `draft`, `approve`."""

from __future__ import annotations

import argparse

from logsight_assets.cli.verbs import Verbs, lake_of, show


def register(verbs: Verbs) -> None:
    acts = verbs.group("runbooks", "what to do about incidents: the runbooks that are there, and drafts from incidents")
    acts.add("list", _list, "runbooks in the folder, approved or not")
    drafted = acts.add("draft", _draft, "draft a runbook from an incident; nothing uses it before it is approved")
    drafted.add_argument("incident", help="its id, or a part that no other has")
    drafted.add_argument("--by", required=True, metavar="WHO", help="who asks for it")
    approved = acts.add("approve", _approve, "make the latest draft of an incident a runbook")
    approved.add_argument("incident", help="its id, or a part that no other has")
    approved.add_argument("--by", required=True, metavar="WHO", help="who approves it")
    approved.add_argument("--why", default="", metavar="TEXT", help="the reason")


def _list(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.runbooks import FOLDER, load_runbooks
    from logsight_assets.visible import visible

    folder = lake_of(options).config / FOLDER
    found = load_runbooks(folder)
    lines = [
        f"{'approved' if each.is_approved else 'draft':<9} {visible(each.name)}: {visible(each.front.title)}"
        for each in found
    ]
    document = {"runbooks": [each.to_json() | {"is_approved": each.is_approved} for each in found]}
    return show(options, document, "\n".join(lines) or f"no runbook is in {folder}")


def _draft(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.drafts.draft import Draft
    from logsight_assets.incidents.drafts.make import make_draft
    from logsight_assets.incidents.records import find_incident
    from logsight_assets.incidents.summary.configured import model_of
    from logsight_assets.incidents.summary.words import REASONS
    from logsight_assets.visible import visible

    lake = lake_of(options)
    records = find_incident(lake, options.incident)
    body = make_draft(lake, records, model_of(lake), options.by).body
    draft = Draft.from_json(body["draft"])
    if body["model"]:
        origin = f"Steps by {visible(body['model'])}; {body['removed']} more were removed by the check."
    else:
        origin = f"Steps by LogSight itself, because {REASONS[body['reason']]}: they only say where to look."
    until = f"`logsight runbooks approve {records.incident_id} --by WHO`"
    said = f"{origin}\nA draft: nothing matches or cites it until {until}"
    kept = ("model", "reason", "verdicts", "removed")
    document = {
        "incident_id": records.incident_id,
        **draft.to_json(),
        **{name: body[name] for name in kept},
        "why": REASONS.get(body["reason"], ""),
        "markdown": draft.markdown(),
    }
    return show(options, document, f"{draft.markdown()}\n{said}")


def _approve(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.drafts.make import approve_draft
    from logsight_assets.incidents.records import find_incident

    lake = lake_of(options)
    records = find_incident(lake, options.incident)
    file = approve_draft(lake, records, options.by, options.why)
    return show(options, {"incident_id": records.incident_id, "file": str(file)}, f"approved: {file}")
