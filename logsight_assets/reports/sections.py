"""What each section of a page shows: numbers as texts, in the order in which they stand.

Texts of log lines are only cut here; made visible and escaped they are in `page.py`, on their way into the page.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from logsight_assets.lake import PLATFORM
from logsight_assets.reports.headlines import Headline, said
from logsight_assets.reports.measured import QUANTILES, Change
from logsight_assets.reports.movers import movers
from logsight_assets.reports.novelties import Novelty
from logsight_assets.reports.numbers import Compared, Numbers
from logsight_assets.reports.pictures import Picture
from logsight_assets.reports.quality import SourceHours
from logsight_assets.reports.rows import Service
from logsight_assets.reports.wording import (
    LONGEST_NAME,
    NOTHING,
    count,
    cut,
    duration,
    duration_moved,
    events_moved,
    many,
    ratio_moved,
    share,
)
from logsight_assets.versions import REPORTS_VERSION
from logsight_assets.visible import visible

_LONGEST_TEXT, _LONGEST_TITLE = 240, 1000
_MOST_PARTS, _MOST_KINDS, _MOST_SOURCES = 12, 8, 20
_AGAINST = {
    ("daily", "before"): "the day before",
    ("daily", "weekday"): "a week before",
    ("weekly", "before"): "the week before",
}
_WARNINGS = {"missing", "incomparable"}
_TITLES = {"new": "New", "surging": "Far more often", "gone": "Stopped"}


@dataclass(frozen=True)
class Cell:
    """A number and how it moved, one line a baseline."""

    value: str
    moved: list[str] = field(default_factory=list)


def about(numbers: Numbers) -> dict[str, Any]:
    period = numbers.period
    kind = "Daily report" if period.kind == "daily" else "Weekly report"
    is_platform = numbers.tenant == PLATFORM
    return {
        "heading": f"{kind} of the platform" if is_platform else f"{kind} of {numbers.tenant}",
        "period": period.title,
        "short": period.short,
        "for_operators": is_platform,
        "baselines": [_AGAINST[period.kind, name] for name in numbers.total.changes],
        "compared": [_sharing(numbers, name) for name in period.baselines],
        "data_until": f"{numbers.data_until.start:%Y-%m-%d %H:%M} UTC",
        "version": REPORTS_VERSION,
    }


def _sharing(numbers: Numbers, name: str) -> str:
    """On how many hours a comparison rests; nothing if on all."""
    against, change = _AGAINST[numbers.period.kind, name], numbers.total.changes.get(name)
    if change is None:
        return f"Nothing of the same hours of {against} to compare with."
    return (
        f"Compared with {against} on the {many(change.hours, 'hour')} of which both have data."
        if change.hours < len(numbers.hours)
        else ""
    )


def headline(line: Headline) -> dict[str, Any]:
    return {
        "is_warning": line.kind in _WARNINGS,
        "text": line.text,
        "quote": cut(line.quote, _LONGEST_TEXT),
        "whole": _whole(line.quote),
    }


def totals(numbers: Numbers) -> list[dict[str, Any]]:
    whole = numbers.total.whole
    rows: list[dict[str, Any]] = [
        {"name": "Events", "value": count(whole.events), "moved": _moved(numbers.total, events_moved)},
        {"name": "Errors", "value": count(whole.errors), "moved": _moved(numbers.total, _errors_moved)},
        {
            "name": "Share of errors",
            "value": share(whole.error_ratio),
            "moved": _moved(numbers.total, ratio_moved),
        },
    ]
    if not whole.durations:
        return rows
    names = {"p50": "Half took at most (p50)", "p95": "95 % took at most (p95)", "p99": "99 % took at most (p99)"}
    for quantile in QUANTILES:
        moved = _moved(numbers.total, partial(duration_moved, quantile=quantile))
        rows.append({"name": names[quantile], "value": duration(whole.duration_ns(quantile)), "moved": moved})
    return rows


def _errors_moved(change: Change, *, in_numbers: bool) -> str:  # noqa: ARG001  they are said in numbers anyway
    return f"{count(change.now.errors)} after {count(change.then.errors)}"


def _moved(part: Compared, how: Callable[..., str]) -> list[str]:
    """How it moved, a text a baseline; in numbers where less is compared than the number beside it counts."""
    return [how(change, in_numbers=change.now.events != part.whole.events) for change in part.changes.values()]


def picture(picture: Picture) -> dict[str, Any]:
    return {
        "title": picture.title,
        "alt": picture.alt,
        "base64": base64.b64encode(picture.png).decode(),
        "width": picture.width,
        "height": picture.height,
    }


def parts(numbers: Numbers) -> dict[str, Any]:
    what = "tenant" if numbers.tenant == PLATFORM else "service"
    ordered = movers(numbers)
    against = [_AGAINST[numbers.period.kind, name] for name in numbers.total.changes]
    note = f"Each {what} that had events"
    note += (
        f", what moved most first; below each number how it moved against {' and '.join(against)}" if against else ""
    )
    is_partial = any(change.hours < len(numbers.hours) for change in numbers.total.changes.values())
    note += ", on the hours of which both have data." if is_partial else "."
    more = len(ordered) - _MOST_PARTS
    return {
        "title": f"{what.capitalize()}s",
        "what": what.capitalize(),
        "note": note,
        "rows": [_part(numbers, service) for service in ordered[:_MOST_PARTS]],
        "more": f"{many(more, what)} more in numbers.parquet." if more > 0 else "",
    }


def _part(numbers: Numbers, service: Service) -> dict[str, Any]:
    part = numbers.parts[service]
    whole = part.whole
    return {
        "name": cut(numbers.names[service], LONGEST_NAME),
        "lines": _novelty_counts(numbers, service.name),
        "events": Cell(count(whole.events), _moved(part, events_moved)),
        "errors": Cell(share(whole.error_ratio), _moved(part, ratio_moved) if whole.events else []),
        "latency": Cell(
            duration(whole.duration_ns("p95")),
            _moved(part, partial(duration_moved, quantile="p95")) if whole.durations else [],
        ),
    }


def _novelty_counts(numbers: Numbers, tenant: str) -> list[str]:
    counts = numbers.novelty_counts.get(tenant)
    if not counts:
        return []
    told = {"new": counts.new, "surging": counts.surging, "stopped": counts.gone}
    found = ", ".join(f"{number} {word}" for word, number in told.items() if number)
    return [f"templates: {found}"] if found else []


def novelties(numbers: Numbers) -> list[dict[str, Any]]:
    """A group of each kind; of the platform none, for a template is text of a line."""
    if numbers.tenant == PLATFORM:
        return []
    return [_group(numbers, kind, held) for kind, held in numbers.novelties.all.items()]


def _group(numbers: Numbers, kind: str, held: tuple[Novelty, ...]) -> dict[str, Any]:
    more = len(held) - _MOST_KINDS
    note = "None." if numbers.total.changes else "Nothing to compare with."
    return {
        "title": f"{_TITLES[kind]} ({len(held)})" if held else _TITLES[kind],
        "rows": [_kind(numbers, kind, each) for each in held[:_MOST_KINDS]],
        "note": f"{more:,} more in numbers.parquet." if more > 0 else "" if held else note,
    }


def _kind(numbers: Numbers, kind: str, novelty: Novelty) -> dict[str, str]:
    told = [cut(novelty.kind.service, LONGEST_NAME)]
    if kind == "gone":
        told += [f"{count(then)} {_AGAINST[numbers.period.kind, name]}" for name, (_, then) in novelty.compared.items()]
    else:
        told.append(many(novelty.now.events, "line"))
        if novelty.now.errors:
            told.append(
                "all errors" if novelty.now.errors == novelty.now.events else f"{count(novelty.now.errors)} errors"
            )
    if kind == "surging":
        compared = novelty.compared.items()
        told += [f"{count(now)} after {count(then)} {_AGAINST[numbers.period.kind, n]}" for n, (now, then) in compared]
    if kind == "new":
        told.append(f"first {_moment(numbers, novelty.now.first_unix_nano)}")
    text = said(novelty)
    return {"text": cut(text, _LONGEST_TEXT), "whole": _whole(text), "meta": " · ".join(told)}


def _moment(numbers: Numbers, unix_nano: int) -> str:
    minutes = unix_nano // 60_000_000_000 - numbers.period.start.index * 60
    clock = f"{minutes // 60 % 24:02}:{minutes % 60:02}"
    hour = numbers.period.start + minutes // 60
    return clock if numbers.period.kind == "daily" else f"{hour.start:%a} {clock}"


def quality(numbers: Numbers) -> dict[str, Any]:
    quality = numbers.quality
    sources = list(quality.sources.items())
    rows = [_source(cut(name, LONGEST_NAME), hours) for name, hours in sources[:_MOST_SOURCES]]
    if sources[_MOST_SOURCES:]:
        rest = sum((hours for _, hours in sources[_MOST_SOURCES:]), SourceHours())
        rows.append(_source(f"{len(sources) - _MOST_SOURCES} more", rest))
    return {
        "what": "Tenant, hours of all its sources" if numbers.tenant == PLATFORM else "Source",
        "rows": rows,
        "facts": _facts(numbers),
    }


def _source(name: str, hours: SourceHours) -> dict[str, str]:
    return {"name": name} | {f: count(getattr(hours, f)) for f in ("complete", "open", "behind", "absent")}


def _facts(numbers: Numbers) -> list[dict[str, str]]:
    quality, whole = numbers.quality, numbers.total.whole
    late = f"{count(quality.late)} ({share(quality.late / quality.stored)})" if quality.late else "0"
    received = quality.received
    refused = f"{count(received.quarantined)} of {count(received.lines)}" if received.lines else NOTHING
    of_own = "" if numbers.tenant == PLATFORM else "On paths that tenants share nobody can say whose a refused line is."
    facts = [
        (
            "Late events",
            late,
            "They came more than an hour after theirs, and count in the hour in which they happened.",
        ),
        ("Copies", count(quality.duplicates), "Delivered more than once, counted once."),
        ("Lines in quarantine", refused, of_own),
    ]
    if quality.id_conflicts:
        facts.append(
            ("Ids with two contents", count(quality.id_conflicts), "Both are counted; the sender's ids repeat.")
        )
    if whole.weighted_events != whole.events:
        facts.append(
            (
                "Sampled at the edge",
                f"stand for {count(whole.weighted_events)}",
                "All counts here are of what was kept.",
            )
        )
    return [{"name": name, "value": value, "note": note} for name, value, note in facts]


def _whole(text: str) -> str:
    """For a title, if the text is cut."""
    return cut(text, _LONGEST_TITLE) if len(visible(text)) > _LONGEST_TEXT else ""
