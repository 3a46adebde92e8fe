"""Who watches a run: the command line's progress bar and summary, without the stages knowing of them.

A run in the daemon has no observer. The observer is a context variable, so runs in one process do not mix.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from logsight_assets.intake.receipts import Receipt
    from logsight_assets.intake.run import IntakeReport
    from logsight_assets.trends.hours import HourOutcome


class Observer(Protocol):
    """Told of each step as it ends."""

    def receipt(self, receipt: Receipt) -> None:
        """A raw object is done."""

    def intake(self, report: IntakeReport) -> None:
        """An arrival hour is done."""

    def hour(self, outcome: HourOutcome) -> None:
        """An event hour is published or was up to date."""

    def failure(self, window: str, error: Exception) -> None:
        """A window failed; the others go on."""


_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)


@contextmanager
def watching(observer: Observer) -> Iterator[None]:
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def saw_receipt(receipt: Receipt) -> None:
    if observer := _observer.get():
        observer.receipt(receipt)


def saw_intake(report: IntakeReport) -> None:
    if observer := _observer.get():
        observer.intake(report)


def saw_hour(outcome: HourOutcome) -> None:
    if observer := _observer.get():
        observer.hour(outcome)


def saw_failure(window: str, error: Exception) -> None:
    if observer := _observer.get():
        observer.failure(window, error)
