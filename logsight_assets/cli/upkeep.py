"""Verbs that keep a lake in order: retain, erase, rehydrate, rotate-key, doctor."""

from __future__ import annotations

import argparse

from logsight_assets.cli.verbs import Verbs, lake_of, show
from logsight_assets.errors import UsageError
from logsight_assets.settings import TENANT_NAME


def register(verbs: Verbs) -> None:
    verbs.add("retain", _retain, "seal and remove what is older than the settings keep")
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
    lines += [f"{count:>8,} objects removed from {table}" for table, count in sorted(done.removed.items())]
    lines += [f"{count:>8,} windows of {table} wait for a refresh" for table, count in sorted(done.postponed.items())]
    return show(options, document, "\n".join(lines))


def _erase(options: argparse.Namespace) -> int:
    from logsight_assets.trends.erase import count, is_erased
    from logsight_assets.upkeep import erase_tenant

    lake = lake_of(options)
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
