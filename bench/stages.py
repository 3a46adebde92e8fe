"""Where LogSight's time goes: `python -m bench profile`. A build in this process, on one thread, its steps timed.

One thread, so that CPU seconds belong to the step that spent them; a step's own time is without the steps inside it.
The steps are named here and looked up in the product: one that is renamed there must be renamed here,
and a test says so.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.datasets import Dataset
from bench.engines import fresh_lake
from bench.markdown import grid
from logsight_assets.lake import open_lake
from logsight_assets.progress import building


@dataclass(frozen=True)
class Step:
    """A function or method of the product; with `by_argument` each value of that argument is a step of its own."""

    title: str
    module: str
    name: str  # `function` or `Class.method`
    by_argument: int | None = None


_INTAKE, _TRENDS = "logsight_assets.intake", "logsight_assets.trends"
STEPS = (
    Step("intake: what waits", f"{_INTAKE}.assets", "ready"),
    Step("intake: unpack, hash, count lines", f"{_INTAKE}.transaction", "unpack"),
    Step("intake: read lines into records", f"{_INTAKE}.transaction", "read_records"),
    Step("intake: redact", f"{_INTAKE}.transaction", "redact_records"),
    Step("intake: settle times", f"{_INTAKE}.transaction", "settle_times"),
    Step("intake: events SQL", f"{_INTAKE}.transaction", "write_event_files"),
    Step("intake: sort into files", f"{_INTAKE}.event_files", "_split"),
    Step("intake: write Parquet", f"{_INTAKE}.event_files", "_Group.flush"),
    Step("intake: write Parquet", f"{_INTAKE}.event_files", "_Group.end"),
    Step("intake: commit", f"{_INTAKE}.transaction", "commit"),
    Step("intake: the rest of an object", f"{_INTAKE}.run", "take_in"),
    Step("completeness", f"{_TRENDS}.assets", "refresh_completeness"),
    Step("events asset: survey of the files", f"{_TRENDS}.assets", "survey_hour"),
    Step("trends: the rest of an hour", f"{_TRENDS}.refresh", "refresh_hour"),
    Step("trends: list and hash inputs", f"{_TRENDS}.hour_windows", "hour_inputs"),
    Step("trends: the rest of counting", f"{_TRENDS}.hour_windows", "compute_hour"),
    Step("days and months: roll up", f"{_TRENDS}.pyramid", "_publish"),
    Step("trends: make", "resources.query_engine", "_DuckDBSession.keep", by_argument=1),
    Step("trends: fetch rows", "resources.query_engine", "_DuckDBSession.fetch"),
    Step("trends: open event files", "resources.query_engine", "_DuckDBSession.define_tenants"),
    Step("trends: masks of patterns", f"{_TRENDS}.hour_rows", "masks_of"),
    Step("trends: encode objects", f"{_TRENDS}.hour_windows", "parquet_bytes"),
    Step("trends: put objects", "resources.object_store", "FolderStore.put_if"),
)


@dataclass
class Spent:
    """Calls and own CPU seconds of a step."""

    calls: int = 0
    cpu: float = 0.0


@dataclass
class Watch:
    """Own time of each step; one stack of open steps a thread."""

    spent: dict[str, Spent] = field(default_factory=dict)
    _open: threading.local = field(default_factory=threading.local)

    @contextmanager
    def step(self, title: str, calls: int = 1) -> Iterator[None]:
        outer: list[float] = self._open.__dict__.setdefault("inner_seconds", [])
        outer.append(0.0)
        started = time.process_time()
        try:
            yield
        finally:
            took = time.process_time() - started
            inside = outer.pop()
            if outer:
                outer[-1] += took
            spent = self.spent.setdefault(title, Spent())
            spent.calls += calls
            spent.cpu += took - inside

    def timed(self, step: Step, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed; a generator's every turn is."""

        def title(arguments: tuple[Any, ...]) -> str:
            return step.title if step.by_argument is None else f"{step.title} {arguments[step.by_argument]}"

        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            with self.step(title(arguments)):
                return function(*arguments, **options)

        @functools.wraps(function)
        def turns(*arguments: Any, **options: Any) -> Iterator[Any]:
            generator = function(*arguments, **options)
            while True:
                with self.step(title(arguments)):
                    try:
                        item = next(generator)
                    except StopIteration:
                        return
                yield item

        return turns if inspect.isgeneratorfunction(function) else call


def found(step: Step) -> tuple[Any, str, Callable[..., Any]]:
    """The module or class that holds a step, its name there, and itself."""
    holder: Any = importlib.import_module(step.module)
    *classes, name = step.name.split(".")
    for part in classes:
        holder = getattr(holder, part)
    return holder, name, getattr(holder, name)


@contextmanager
def watching_steps() -> Iterator[Watch]:
    """Time all steps of this process."""
    watch = Watch()
    with ExitStack() as stack:
        for step in STEPS:
            holder, name, function = found(step)
            stack.callback(setattr, holder, name, function)
            setattr(holder, name, watch.timed(step, function))
        yield watch


def profile(data: Dataset, work: Path) -> str:
    """Build a fresh lake on one thread; returns the table."""
    started = time.process_time()  # what starting Python and importing has used so far
    folder = work / "profile"
    fresh_lake(data, folder)
    lake = open_lake(str(folder), {"LOGSIGHT_ENGINE_THREADS": "1", "LOGSIGHT_ENGINE_WORKERS": "1"})
    with watching_steps() as watch:
        began = time.process_time()
        summary = building(lake).to_json()
        total = time.process_time() - began
    shutil.rmtree(folder, ignore_errors=True)
    known = sum(spent.cpu for spent in watch.spent.values())
    rows = dict(sorted(watch.spent.items(), key=lambda item: -item[1].cpu))
    rows["everything else: Dagster, markers"] = Spent(1, total - known)
    rows["start: Python and imports"] = Spent(1, started)
    return _table(rows, summary["events"])


def _table(rows: dict[str, Spent], events: int) -> str:
    total = sum(spent.cpu for spent in rows.values())
    each = 1e6 / events
    lines = [
        [
            title,
            f"{s.calls:,}",
            f"{s.cpu:.2f}",
            f"{s.cpu * each:.2f}",
            f"{s.cpu / s.calls * 1e3:.2f}",
            f"{s.cpu / total:.1%}",
        ]
        for title, s in rows.items()
    ]
    lines.append(["**all**", "", f"{total:.2f}", f"{total * each:.2f}", "", "100 %"])
    return f"{events:,} events, one thread, CPU seconds\n\n" + grid(
        ["step, without the steps inside it", "calls", "CPU s", "µs an event", "ms a call", "share"], lines
    )
