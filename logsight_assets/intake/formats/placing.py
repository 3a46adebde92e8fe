"""Every record of a line has its own index: with the line number it names the record for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from logsight_assets.intake.records import Ignored, Outcome


def with_own_index(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Number the records and refusals of one line 0, 1, 2, … in order.

    Formats number what one document holds; where several documents stand in one line, batches would share numbers.
    """
    line, index = 0, 0
    for outcome in outcomes:
        if isinstance(outcome, Ignored):
            yield outcome
        elif outcome.line != line:
            line, index = outcome.line, outcome.index
            yield outcome
        else:
            index += 1
            yield outcome if outcome.index == index else outcome._replace(index=index)
