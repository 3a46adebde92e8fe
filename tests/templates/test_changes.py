"""What changed between two windows, by counts and lengths alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.templates.changes import Change, template_changes


def row(template_id: str, count: int, service: str = "shop") -> dict[str, Any]:
    return {"service": service, "template_id": template_id, "template": f"text {template_id}", "event_count": count}


@pytest.mark.parametrize(
    ("before", "after", "length_ratio", "change", "rate_ratio"),
    [
        (0, 1, 1, Change.NEW, None),
        (1, 0, 1, Change.GONE, None),
        (1000, 1010, 1, Change.SAME, 1.01),
        (100, 300, 1, Change.MORE, 3.0),
        (300, 100, 1, Change.LESS, 1 / 3),
        (100, 300, 3, Change.SAME, 1.0),
        (100, 100, 1 / 3, Change.MORE, 3.0),
        (1, 3, 1, Change.SAME, 3.0),
    ],
    ids=["new", "gone", "noise", "more", "less", "a longer window", "a shorter window", "too few to say"],
)
def test_a_change(before: int, after: int, length_ratio: float, change: Change, rate_ratio: float | None) -> None:
    (found,) = template_changes([row("a", before)], [row("a", after)], length_ratio=length_ratio)
    assert (found.change, found.before_count, found.after_count) == (change, before, after)
    assert found.rate_ratio == (None if rate_ratio is None else pytest.approx(rate_ratio))


def test_rows_of_a_template_are_summed_and_services_kept_apart() -> None:
    found = template_changes([row("a", 1), row("a", 2)], [row("a", 5), row("a", 4, "cart")])
    assert {(each.service, each.before_count, each.after_count) for each in found} == {("shop", 3, 5), ("cart", 0, 4)}


def test_the_most_surprising_comes_first() -> None:
    found = template_changes([row("a", 100), row("b", 100), row("c", 1)], [row("a", 110), row("b", 900)])
    assert [each.template_id for each in found] == ["b", "c", "a"]
    assert found[0].template == "text b"


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.floats(1e-3, 1e3))
def test_a_surprise_is_never_negative_and_least_when_the_rate_is_the_same(n: int, m: int, length_ratio: float) -> None:
    for found in template_changes([row("a", n)], [row("a", m)], length_ratio=length_ratio):
        assert found.surprise >= 0
    (same,) = template_changes([row("a", 10 * n + 10)], [row("a", 10 * n + 10)])
    assert same.surprise == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("length_ratio", [0, -1, float("inf"), float("nan")])
def test_a_length_that_is_none_is_refused(length_ratio: float) -> None:
    with pytest.raises(ValueError, match="length_ratio"):
        template_changes([], [], length_ratio=length_ratio)
