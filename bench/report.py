"""What was measured, as the results of README.md: side by side, goals, growth, redaction, latency."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.datasets import Dataset
from bench.engines import ENGINES, LIMIT, LOGSIGHT, SPARK, TITLES, Run
from bench.latency import Latency
from bench.markdown import grid
from bench.redaction_cost import RedactionCost

# The goals, as the issue of this bench sets them.
MOST_OF_LIMIT = 3.7
MOST_OF_SPARK = 1 / 4
MOST_MEMORY_MB = 1500.0
MOST_OF_UNREDACTED = 1.3
FLAT = 1.25  # "flat": memory of the largest scale over that of the smallest
LEAST_EVENTS = 1_000_000  # below this a run is mostly start, and a ratio says nothing about the goal


@dataclass(frozen=True)
class Rounds:
    """All runs of one engine over one dataset; numbers are medians."""

    runs: list[Run]

    def median(self, of: Callable[[Run], float]) -> float:
        return statistics.median(of(run) for run in self.runs)

    @property
    def wall(self) -> float:
        return self.median(lambda run: run.cost.wall)

    @property
    def compared(self) -> float:
        """The process from its start to the last trend table."""
        return self.median(lambda run: run.cost.wall - run.beyond)

    @property
    def inside(self) -> float:
        return self.median(lambda run: run.inside)

    @property
    def cpu(self) -> float:
        return self.median(lambda run: run.cost.cpu)

    @property
    def peak_mb(self) -> float:
        """The worst round, not the median: memory is a bound."""
        return max(run.cost.peak_mb for run in self.runs)

    @property
    def counts(self) -> str:
        return " / ".join(sorted({run.counts for run in self.runs}))

    @property
    def spread(self) -> str:
        walls = [run.cost.wall for run in self.runs]
        return f"{self.wall:.1f} ({min(walls):.1f} to {max(walls):.1f})" if len(walls) > 1 else f"{self.wall:.1f}"


@dataclass
class Results:
    """Everything of one call of the command."""

    about: Sequence[tuple[str, str]]
    engines: list[tuple[Dataset, dict[str, Rounds]]] = field(default_factory=list)
    redaction: RedactionCost | None = None
    latency: Latency | None = None

    def to_markdown(self) -> str:
        parts = ["\n".join(f"- {name}: {value}" for name, value in self.about)]
        if self.engines:
            parts += [_side_by_side(*each) for each in self.engines]
        if len(self.engines) > 1:
            parts.append(_growth(self.engines))
        if self.redaction:
            parts.append(_redaction(self.redaction))
        if self.latency:
            parts.append(_latency(self.latency))
        if goals := _goals(self):
            parts.insert(1, goals)
        return "\n\n".join(parts) + "\n"


def _side_by_side(data: Dataset, by_engine: dict[str, Rounds]) -> str:
    rows = []
    for engine in ENGINES:
        if engine not in by_engine:
            continue
        own = by_engine[engine]
        ratios = [f"{own.wall / by_engine[e].wall:.2f}" if e in by_engine else "" for e in (LIMIT, LOGSIGHT)]
        cost = [own.spread, f"{own.inside:.1f}", f"{own.cpu:.1f}", f"{own.peak_mb:,.0f}"]
        rows.append([TITLES[engine], *cost, *ratios, own.counts])
        if own.compared != own.wall:
            ratio = f"{own.compared / by_engine[LIMIT].wall:.2f}" if LIMIT in by_engine else ""
            rows.append(["of it to the last trend table", f"{own.compared:.1f}", "", "", "", ratio, "", ""])
    head = ["engine", "wall s", "without start", "CPU s", "peak MB", "wall ÷ limit", "wall ÷ LogSight", "counts"]
    events = f", {data.events:,} events" if data.events else ""
    rounds = max(len(own.runs) for own in by_engine.values())
    said = f"median of {rounds} rounds (least to most), turn by turn" if rounds > 1 else "one round"
    return f"### {data.name}{events}, {len(data.files)} objects: {said}\n\n{grid(head, rows)}"


def _growth(engines: list[tuple[Dataset, dict[str, Rounds]]]) -> str:
    rows = []
    for engine in ENGINES:
        for data, by_engine in engines:
            if own := by_engine.get(engine):
                each = f"{own.wall / data.events * 1e6:.2f}" if data.events else ""
                cpu = f"{own.cpu / data.events * 1e6:.2f}" if data.events else ""
                rows.append([TITLES[engine], data.name, f"{own.wall:.1f}", each, cpu, f"{own.peak_mb:,.0f}"])
    head = ["engine", "scale", "wall s", "wall µs an event", "CPU µs an event", "peak MB"]
    return f"### Growth\n\n{grid(head, rows)}"


def _redaction(cost: RedactionCost) -> str:
    cpu_ratio = f"{cost.with_cpu / cost.without_cpu:.2f}"
    rows = [
        ["without redaction", f"{cost.without_seconds:.1f}", f"{cost.without_cpu:.1f}", "", ""],
        ["as the product runs", f"{cost.with_seconds:.1f}", f"{cost.with_cpu:.1f}", f"{cost.ratio:.2f}", cpu_ratio],
    ]
    title = f"### Redaction: intake alone, {cost.redacted_share:.0%} of the events changed by it"
    return f"{title}\n\n{grid(['intake', 'wall s', 'CPU s', 'wall ratio', 'CPU ratio'], rows)}"


def _latency(latency: Latency) -> str:
    least, most = min(latency.seconds), max(latency.seconds)
    numbers = [[f"{value:.1f}" for value in (latency.p50, latency.p95, least, most)]]
    title = f"### Object landed → trend row visible, `logsight up`, {len(latency.seconds)} objects"
    return f"{title}\n\n{grid(['p50 s', 'p95 s', 'least s', 'most s'], numbers)}"


def _goals(results: Results) -> str:
    """Wanted against measured, for what was measured on enough data."""
    redaction = results.redaction if results.redaction and results.redaction.events >= LEAST_EVENTS else None
    engines = [each for each in results.engines if (each[0].events or 0) >= LEAST_EVENTS]
    rows = [_goal(*each) for each in (*_engine_goals(engines), *_redaction_goal(redaction))]
    if results.latency:
        rows.append(["object landed → trend row visible", "", _seconds(results.latency), ""])
    return f"### Goals\n\n{grid(['goal', 'wanted', 'measured', ''], rows)}" if rows else ""


Goal = tuple[str, float, float, str]  # what, the most that is wanted, measured, unit


def _engine_goals(engines: list[tuple[Dataset, dict[str, Rounds]]]) -> list[Goal]:
    goals: list[Goal] = []
    for data, own in engines:
        if LOGSIGHT in own and LIMIT in own:
            ratio = own[LOGSIGHT].compared / own[LIMIT].wall
            goals.append((f"intake + trends ÷ bare copy, {data.name}", MOST_OF_LIMIT, ratio, "x"))
        if LOGSIGHT in own and SPARK in own:
            ratio = own[LOGSIGHT].compared / own[SPARK].wall
            goals.append((f"intake + trends ÷ Spark, {data.name}", MOST_OF_SPARK, ratio, "x"))
    peaks = [own[LOGSIGHT].peak_mb for _, own in engines if LOGSIGHT in own]
    if peaks:
        goals.append((f"peak memory, {engines[-1][0].name}", MOST_MEMORY_MB, peaks[-1], " MB"))
    if len(peaks) > 1:
        goals.append((f"peak memory, {engines[-1][0].name} ÷ {engines[0][0].name}", FLAT, peaks[-1] / peaks[0], "x"))
    return goals


def _redaction_goal(cost: RedactionCost | None) -> list[Goal]:
    return [("intake with redaction ÷ without", MOST_OF_UNREDACTED, cost.ratio, "x")] if cost else []


def _goal(what: str, most: float, measured: float, unit: str) -> list[str]:
    digits = 0 if most > 100 else 2
    met = "met" if measured <= most else "**missed**"
    return [what, f"≤ {most:,.{digits}f}{unit}", f"{measured:,.{digits}f}{unit}", met]


def _seconds(latency: Latency) -> str:
    return f"p50 {latency.p50:.1f} s, p95 {latency.p95:.1f} s"
