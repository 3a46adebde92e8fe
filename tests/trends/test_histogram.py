"""Buckets: exact bounds, the same in SQL as in Python, and quantiles within the error that they state."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.errors import UsageError
from logsight_assets.sqltext import sql, sql_folder
from logsight_assets.trends.histogram import bounds, bucket_of, estimate, quantile, scale_sql

LONGEST = 30 * 86_400 * 10**9
_durations = st.one_of(st.integers(0, 300), st.integers(0, LONGEST))


@given(_durations)
def test_a_duration_lies_within_the_bounds_of_its_bucket(ns: int) -> None:
    low, high = bounds(bucket_of(ns))
    assert low <= ns <= high


@pytest.mark.parametrize("bucket", [0, 1, 63, 64, 65, 95, 96, 1000, bucket_of(LONGEST)])
def test_buckets_are_adjacent(bucket: int) -> None:
    low, high = bounds(bucket)
    assert bucket_of(low) == bucket_of(high) == bucket
    assert bounds(bucket + 1)[0] == high + 1


@given(_durations)
def test_an_estimate_is_off_by_at_most_a_sixty_fourth_and_a_half(ns: int) -> None:
    assert abs(estimate(bucket_of(ns)) - ns) <= ns / 64 + 0.5


@given(st.lists(_durations, min_size=1, max_size=60), st.sampled_from([0.0, 0.07, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0]))
def test_a_quantile_is_near_the_exact_one(durations: list[int], q: float) -> None:
    ordered = sorted(durations)
    rank = max(1, math.ceil(round(q * 1000) * len(ordered) / 1000))
    exact = ordered[rank - 1]
    found = quantile(Counter(map(bucket_of, durations)), q)
    assert abs(found - exact) <= exact / 64 + 0.5


@given(st.lists(_durations, min_size=1, max_size=40), st.lists(_durations, max_size=40))
def test_merged_buckets_answer_as_those_of_all_durations(first: list[int], second: list[int]) -> None:
    merged = Counter(map(bucket_of, first)) + Counter(map(bucket_of, second))
    assert quantile(merged, 0.9) == quantile(Counter(map(bucket_of, first + second)), 0.9)


def test_a_rank_is_not_rounded_up_by_floats() -> None:
    assert quantile(dict.fromkeys(range(1, 101), 1), 0.07) == 7


@pytest.mark.parametrize(("buckets", "q"), [({}, 0.5), ({3: 0}, 0.5), ({3: 1}, 1.1), ({3: 1}, -0.1)])
def test_a_quantile_that_does_not_exist_is_refused(buckets: dict[int, int], q: float) -> None:
    with pytest.raises(UsageError):
        quantile(buckets, q)


@given(st.lists(_durations, min_size=1, max_size=50))
def test_the_buckets_of_intake_are_these(durations: list[int]) -> None:
    text = (Path(sql_folder()) / "intake" / "events.sql").read_text(encoding="utf-8")
    expression = text[text.index("cast(case\n        when duration_ns < 64") : text.index(" as duration_bucket")]
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {expression} from (select unnest(?::bigint[]) as duration_ns) as d", [durations]
        ).fetchall()
    assert [row[0] for row in found] == [bucket_of(ns) for ns in durations]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), _durations), min_size=1, max_size=60),
    st.sampled_from([(0, 100), (7, 100), (50, 100), (99, 100), (999, 1000), (1, 1)]),
)
def test_quantiles_by_sql_are_those_of_python(found: list[tuple[str, int]], share: tuple[int, int]) -> None:
    counted = Counter((service, bucket_of(ns)) for service, ns in found)
    values = ", ".join(f"('{service}', {bucket}, {n})" for (service, bucket), n in counted.items())
    text = sql(
        "trends/duration_quantiles",
        keys="service",
        rows=f"(select * from (values {values}) as v (service, duration_bucket, event_count)) as r",
        scale=scale_sql(),
        numerator=str(share[0]),
        denominator=str(share[1]),
    )
    with duckdb.connect() as connection:
        rows = connection.execute(text).fetchall()
    assert rows == [
        (
            service,
            quantile({b: n for (s, b), n in counted.items() if s == service}, share[0] / share[1]),
            sum(n for (s, _), n in counted.items() if s == service),
        )
        for service in sorted({service for service, _ in found})
    ]
