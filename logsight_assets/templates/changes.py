"""What changed between two windows: templates that are new, that are gone, and those that came more or less often.

Pure functions over rows such as `select service, template_id, template, sum(event_count) as event_count from
template_counts_hour …` gives; reports and incidents judge by more than two windows. A rate is compared by counts and
lengths of the windows alone: nothing is stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Change(StrEnum):
    """What happened to a template."""

    NEW = "new"
    GONE = "gone"
    MORE = "more"
    LESS = "less"
    SAME = "same"


@dataclass(frozen=True)
class TemplateChange:
    """A template in two windows."""

    service: str
    template_id: str
    template: str
    change: Change
    before_count: int
    after_count: int
    rate_ratio: float | None  # events per time, after ÷ before; None for what is new or gone
    surprise: float  # twice the log likelihood ratio (G²) of "the rate is another" against "it is the same"


def template_changes(
    before: Iterable[Mapping[str, Any]],
    after: Iterable[Mapping[str, Any]],
    *,
    length_ratio: float = 1.0,
    least_surprise: float = 10.8,
) -> list[TemplateChange]:
    """Every template of both windows, the most surprising change first.

    Rows have service, template_id, template, event_count; several rows of one template are summed. `length_ratio` is
    the length of the window after ÷ before. A rate counts as changed from `least_surprise` on: 10.8 is passed by one in
    a thousand templates of which nothing changed, if their events come independently. They come in bursts, so it is a
    ranking and no proof; new and gone are said whatever their count.
    """
    if not length_ratio > 0 or math.isinf(length_ratio):
        raise ValueError(f"length_ratio {length_ratio}: must be more than 0")
    texts: dict[tuple[str, str], str] = {}
    counts = [_summed(before, texts), _summed(after, texts)]
    found = []
    for key, text in texts.items():
        n, m = (count.get(key, 0) for count in counts)
        if n + m:
            surprise = _surprise(n, m, length_ratio)
            ratio = m / n / length_ratio if n and m else None
            change = _change(m, ratio, is_sure=surprise >= least_surprise)
            found.append(TemplateChange(*key, text, change, n, m, ratio, surprise))
    return sorted(found, key=lambda each: (-each.surprise, each.service, each.template_id))


def _summed(rows: Iterable[Mapping[str, Any]], texts: dict[tuple[str, str], str]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["service"], row["template_id"])
        counts[key] = counts.get(key, 0) + row["event_count"]
        texts[key] = row["template"]
    return counts


def _change(after: int, ratio: float | None, *, is_sure: bool) -> Change:
    if ratio is None:
        return Change.NEW if after else Change.GONE
    if not is_sure:
        return Change.SAME
    return Change.MORE if ratio > 1 else Change.LESS


def _surprise(before: int, after: int, length_ratio: float) -> float:
    """G² of two Poisson counts against one rate in both windows; 0 when they fit it exactly."""
    total = before + after
    expected = (total / (1 + length_ratio), total * length_ratio / (1 + length_ratio))
    parts = (n * math.log(n / mean) for n, mean in zip((before, after), expected, strict=True) if n)
    return max(0.0, 2 * sum(parts))
