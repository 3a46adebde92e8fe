"""Made systems: the same every time, and a case's truth is in its lines."""

from __future__ import annotations

import re

from bench.incident_cases import NONE
from bench.systems.batch import BATCH
from bench.systems.cases import system_cases
from bench.systems.stream import STREAM


def test_made_cases_are_the_same_every_time_and_others_with_another_seed() -> None:
    once, again, others = (system_cases(2, seed, [BATCH]) for seed in (7, 7, 8))
    assert [case.lines() for case in once] == [case.lines() for case in again]
    assert [case.lines() for case in once] != [case.lines() for case in others]
    assert [case.origin for case in once] == ["batch", "batch-silent"]


def test_a_fault_says_its_line_and_a_silent_time_has_none() -> None:
    for case in system_cases(2, 7, [BATCH, STREAM]):
        said = [row for row in case.rows if case.evidence and re.search(case.evidence, row["body"])]
        assert bool(said) == (case.visible != NONE), case.name
        assert {row["service"] for row in said} <= {case.root}
