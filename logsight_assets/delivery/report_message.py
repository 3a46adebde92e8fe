"""What is said of a report: its lines of what changed, and where the page is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from logsight_assets.delivery.message import Document, Item, Part, Style, shown
from logsight_assets.lake import PLATFORM
from logsight_assets.reports.period import Kind, Period

REVISION = 1  # a report is told once, as it was made first


def report_name(period: Period) -> str:
    """`daily-2025-06-01` or `weekly-2025-W22`."""
    return f"{period.kind}-{period.name}"


def period_of(name: str) -> Period:
    """The period of such a name."""
    kind, _, period = name.partition("-")
    read: Kind = "weekly" if kind == "weekly" else "daily"
    return Period.week(period) if read == "weekly" else Period.day(period)


def report_document(period: Period, tenant: str, lines: Sequence[dict[str, str]], style: Style) -> Document:
    """The message of a report."""
    whose = "the platform" if tenant == PLATFORM else shown(tenant, 80)
    flag = "--week" if period.kind == "weekly" else "--day"
    command = f"logsight report {flag} {period.name} --tenant {tenant}"
    link = f"{style.base_url}/reports/{period.kind}/{period.name}" if style.base_url else ""
    items = tuple(Item(shown(line["text"]), shown(line["quote"]) if line["quote"] else "") for line in lines)
    first = tuple((str(number), f"{item.text} {item.quote}".rstrip()) for number, item in enumerate(items, 1))
    if not style.names:
        return Document(f"{period.title}: {whose}", (("See", link or command),), (), link, command)
    return Document(f"{period.title}: {whose}", first[:5], (Part("What changed", items),), link, command)


def report_facts() -> dict[str, Any]:
    """A report is told once."""
    return {"state": "made"}
