"""The verb that makes trend reports: report."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from logsight_assets.cli.verbs import Verbs, lake_of, show
from logsight_assets.errors import UsageError
from logsight_assets.lake import PLATFORM, Lake
from logsight_assets.settings import TENANT_NAME

if TYPE_CHECKING:
    from logsight_assets.reports.period import Period
    from logsight_assets.reports.store import Report


def register(verbs: Verbs) -> None:
    parser = verbs.add(
        "report", _report, "make the trend report of a day or week: what changed, in numbers and pictures"
    )
    period = parser.add_mutually_exclusive_group()
    period.add_argument("--day", metavar="DAY", help="the day, YYYY-MM-DD (default: the last full day that has data)")
    period.add_argument("--week", metavar="WEEK", help="the week, YYYY-Www")
    parser.add_argument("--tenant", help="this tenant's report only (default: all tenants', and the platform's)")
    parser.add_argument("--again", action="store_true", help="make it anew from what the lake holds now")


def _report(options: argparse.Namespace) -> int:
    from logsight_assets.reports.produce import make_reports

    lake = lake_of(options)
    if options.tenant is not None and options.tenant != PLATFORM and not TENANT_NAME.fullmatch(options.tenant):
        raise UsageError(f"tenant {options.tenant!r} must match {TENANT_NAME.pattern}")
    period = _period(lake, options)
    made = make_reports(lake, period, options.tenant, again=options.again)
    if not made:
        raise UsageError(f"no trends of {period.name} or of what it is compared with; `logsight build` makes them")
    return show(options, document_of(lake, period, made), text_of(lake, period, made))


def _period(lake: Lake, options: argparse.Namespace) -> Period:
    from logsight_assets.reports.period import Period
    from logsight_assets.reports.produce import last_full_day

    if options.week:
        return Period.week(options.week)
    return Period.day(options.day) if options.day else last_full_day(lake, options.tenant)


def document_of(lake: Lake, period: Period, made: list[Report]) -> dict[str, Any]:
    """The public shape: `path` is the page to open first."""
    from logsight_assets.reports.store import Drift

    reports = [
        {
            "tenant": each.tenant,
            "path": lake.store.uri(each.page_key),
            "numbers": lake.store.uri(each.numbers_key),
            "headlines": [f"{line['text']} {line['quote']}".rstrip() for line in each.lines],
            "is_new": each.is_new,
            "inputs_changed": each.drift is Drift.CHANGED,
            "inputs_gone": each.drift is Drift.GONE,
        }
        for each in made
    ]
    path = lake.store.uri(first_of(made).page_key)
    return {"path": path, "kind": period.kind, "period": period.name, "reports": reports}


def first_of(made: list[Report]) -> Report:
    """The only tenant's report, else the platform's."""
    own = [each for each in made if each.tenant != PLATFORM]
    return own[0] if len(own) == 1 else made[-1]


def text_of(lake: Lake, period: Period, made: Iterable[Report]) -> str:
    """What changed, and where the page is, for each report."""
    return "\n\n".join(_lines(lake, period, each) for each in made)


def _lines(lake: Lake, period: Period, each: Report) -> str:
    from logsight_assets.reports.store import Drift
    from logsight_assets.reports.wording import cut
    from logsight_assets.visible import visible

    whose = "the platform" if each.tenant == PLATFORM else each.tenant
    said = [f"{period.title}: {whose}"]
    for number, line in enumerate(each.lines, 1):
        quote = f" {cut(line['quote'], 100)}" if line["quote"] else ""
        said.append(f"  {number}. {visible(line['text'])}{quote}")
    if each.drift is Drift.CHANGED:
        said.append("  Its inputs have changed since it was made: --again makes it anew.")
    if each.drift is Drift.GONE:
        said.append("  Some of its inputs are gone since it was made; it stays as it is.")
    return "\n".join([*said, f"  {lake.store.uri(each.page_key)}"])
