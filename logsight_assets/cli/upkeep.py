"""Verbs that keep a lake in order: retain, late, erase, rehydrate, rotate-key, doctor."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from logsight_assets.cli.verbs import Verbs, hours_asked_for, lake_of, many, show, tenant_of
from logsight_assets.errors import UsageError
from logsight_assets.lake import is_erased

if TYPE_CHECKING:
    from logsight_assets.trends.late import LateHour, Replayed


def register(verbs: Verbs) -> None:
    verbs.add("retain", _retain, "seal and remove what is older than the settings keep")
    late = verbs.add("late", _late, "late events of sealed hours: what waits, and counting it in")
    late.add_argument("--tenant", help="this tenant's alone (default: every tenant's)")
    late.add_argument("--from", dest="start", metavar="HOUR", help="first event hour, YYYY-MM-DDTHH")
    late.add_argument("--to", dest="end", metavar="HOUR", help="event hour to stop before")
    late.add_argument("--replay", action="store_true", help="count them in; without it only what waits is shown")
    erase = verbs.add("erase", _erase, "remove a tenant everywhere and write a certificate of counts")
    erase.add_argument("--tenant", required=True, help="the tenant")
    erase.add_argument("--yes", action="store_true", help="do it; without it only what would go is shown")
    verbs.add("rehydrate", _rehydrate, "rebuild Dagster's partition status from the lake")
    verbs.add("rotate-key", _rotate, "make tokens with a new key; older tokens stay searchable")
    verbs.add("doctor", _doctor, "check settings and everything that LogSight depends on", makes_lake=True)


def _retain(options: argparse.Namespace) -> int:
    from logsight_assets.upkeep import retain

    done = retain(lake_of(options))
    document = {"sealed_hours": done.sealed, "removed": dict(done.removed), "postponed": dict(done.postponed)}
    lines = [f"{done.sealed} hours sealed"]
    lines += [f"{count:>8,} removed from {table}" for table, count in sorted(done.removed.items())]
    lines += [f"{count:>8,} windows of {table} wait for a refresh" for table, count in sorted(done.postponed.items())]
    return show(options, document, "\n".join(lines))


def _late(options: argparse.Namespace) -> int:
    from logsight_assets.trends.late import late_hours
    from logsight_assets.upkeep import replay

    lake = lake_of(options)
    start, end = hours_asked_for(options)
    tenant = tenant_of(options) if options.tenant else None
    found = list(late_hours(lake, tenant, start, end))
    done = replay(lake, found) if options.replay else []
    if options.replay:
        found = list(late_hours(lake, tenant, start, end))
    waiting = [each for each in found if each.files]
    document = {
        "replayed": [asdict(each) | {"hour": str(each.hour)} for each in done],
        "waiting": [asdict(each) | {"hour": str(each.hour)} for each in waiting],
    }
    return show(options, document, "\n".join([*map(_replayed_text, done), *map(_waiting_text, waiting)]) or "none wait")


def _replayed_text(each: Replayed) -> str:
    copies = f"; {each.possible_copies:,} may be copies of events that are gone" if each.possible_copies else ""
    return f"{each.hour} {each.tenant}: {each.counted:,} counted, {many(each.duplicates, 'duplicate')}{copies}"


def _waiting_text(each: LateHour) -> str:
    remedy = "--replay counts them in" if each.has_minutes else "the minutes of the hour are gone, so they cannot count"
    return f"{each.hour} {each.tenant}: {many(each.waiting, 'event')} in {many(each.files, 'file')}; {remedy}"


def _erase(options: argparse.Namespace) -> int:
    from logsight_assets.upkeep import erase_tenant, would_erase

    lake = lake_of(options)
    tenant = tenant_of(options)
    found = would_erase(lake, tenant)
    if not found.is_anything and not is_erased(lake.store, tenant):
        raise UsageError(f"tenant {tenant}: nothing of it is in this lake; check the name")
    if options.yes:
        found = erase_tenant(lake, tenant)
    blanked = found.blanked
    document = {
        "erased": options.yes,
        "objects": found.objects,
        "events": found.events,
        "blanked_objects": blanked.objects,
        "blanked_lines": blanked.lines,
        "emptied_records": blanked.records,
        "shared_lines": blanked.shared_lines,
        "quarantined": blanked.quarantined,
    }
    counts = {f"objects of {area}": count for area, count in sorted(found.objects.items())}
    counts |= {
        f"lines of {many(blanked.objects, 'mixed raw object')}": blanked.lines,
        "records in raw lines that other tenants share": blanked.records,
        "refused lines in quarantine": blanked.quarantined,
        "raw lines that hold other tenants' records too and stay in the vault": blanked.shared_lines,
    }
    lines = [f"{count:>8,} {thing}" for thing, count in counts.items() if count] + [f"{found.events:>8,} events"]
    if options.yes:
        lines += ["the tenant is erased; its certificate is in certificates/"]
    else:
        lines += ["nothing was removed; --yes removes it, for good"]
    return show(options, document, "\n".join(lines))


def _rehydrate(options: argparse.Namespace) -> int:
    from logsight_assets.dagster_storage import rehydrate
    from logsight_assets.progress import dagster_instance

    lake = lake_of(options)
    with dagster_instance(lake) as instance:
        reported = rehydrate(lake, instance)
    text = "\n".join(f"{asset}: {count} partitions" for asset, count in reported.items())
    text = text or "Dagster knows every partition that the lake holds"
    return show(options, {"partitions": reported}, text)


def _rotate(options: argparse.Namespace) -> int:
    from logsight_assets.intake.keys import rotate_redaction_key

    version = rotate_redaction_key(lake_of(options).state)
    return show(options, {"key_version": version}, f"redaction key version {version} is in use from now on")


def _doctor(options: argparse.Namespace) -> int:
    from logsight_assets.doctor import effective_values, examine

    lake = lake_of(options)
    checks, found = list(examine(lake)), effective_values(lake)
    lines = [f"{v['setting']:34} {v['value']!s:14} {v['origin']}" for v in found]
    lines += [""] + [
        f"{'ok  ' if c.is_ok else 'FAIL'} {c.name}: {c.detail}" + ("" if c.is_ok else f" → {c.remedy}") for c in checks
    ]
    show(options, {"settings": found, "checks": [c.to_json() for c in checks]}, "\n".join(lines))
    return 0 if all(check.is_ok for check in checks) else 1
