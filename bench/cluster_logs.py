"""A made database cluster: nodes that log the same lines, no traces, levels only in heads of lines; and its faults."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.incident_cases import ABSENCE, LINE, NONE, Case, Row, alarm_at

_START = 1_750_003_000.0
_NORMAL = (  # lines a second, level, logger, text
    (0.8, "INFO", "c.q.Coordinator", "Query {n} finished in {m} ms, {k} rows"),
    (0.5, "INFO", "c.s.FlushTask", "Flushed memtable {n} of region {k} in {m} ms, {n} points"),
    (0.3, "INFO", "c.w.WalRoller", "Rolled segment wal-{n} of region {k}"),
    (0.25, "INFO", "c.c.Heartbeat", "Heartbeat of leader term {k} answered in {m} ms"),
    (0.12, "INFO", "c.s.Compactor", "Compaction of level {k} took {m} ms, {n} files in, {k} out"),
    (0.05, "WARN", "c.q.SlowQuery", "Query {n} took {n} ms, longer than 1000 ms"),
    (0.03, "INFO", "c.m.Sweeper", "Removed {k} expired sessions"),
    (0.02, "WARN", "c.n.Pool", "Client connection {n} idle for {n} ms is closed"),
    (0.01, "ERROR", "c.n.Server", "Connection reset by peer while reading frame {n}"),
)


@dataclass(frozen=True)
class Scene:
    """Normal rows, and where and when a fault is put into them."""

    rows: list[Row]
    nodes: Sequence[str]  # the last one coordinates
    root: str
    begins: float
    ends: float
    dice: random.Random

    @property
    def others(self) -> list[str]:
        return [node for node in self.nodes if node != self.root]


@dataclass(frozen=True)
class Outcome:
    """Rows with the fault in them, how they show it, and what an evidence line matches."""

    rows: list[Row]
    visible: str
    evidence: str | None = None


def clusters(count: int, seed: int) -> list[Case]:
    """Cases of all kinds in turn; a seventh of them is silent."""
    kinds = (_disk_full, _node_down, _unreachable, _import_job, _silent, _election, _stops)
    return [
        _case(kinds[number % len(kinds)], number, random.Random(f"{seed}-cluster-{number}")) for number in range(count)
    ]


def _case(kind: Callable[[Scene], Outcome], number: int, dice: random.Random) -> Case:
    nodes = [f"datanode-{place}" for place in range(1, dice.choice([3, 4, 6]))] + ["confignode-1"]
    window = dice.choice([120.0, 300.0])
    begins = _START + dice.choice([3, 8]) * window
    ends = begins + dice.choice([0.8, 1.0, 1.4]) * window
    rows = [row for node in nodes for row in _normal(node, _START, ends, dice)]
    root = dice.choice(nodes[:-1])
    made = kind(Scene(rows, nodes, root, begins, ends, dice))
    change = begins + dice.choice([0.4, 0.7]) * window
    alarm = alarm_at(change, dice.choice([root, *(node for node in nodes if node != root)]), window)
    rows = sorted(made.rows, key=lambda row: row["time"])
    name = f"cluster-{number:02}-{kind.__name__.strip('_')}"
    origin = "cluster-silent" if made.visible == NONE else "cluster"
    return Case(
        name, origin, rows, alarm, root, made.visible, made.evidence, root if made.evidence else None, len(nodes)
    )


def _line(node: str, moment: float, level: str, logger: str, text: str, dice: random.Random) -> Row:
    filled = text.replace("{n}", str(dice.randint(1000, 99999)))
    filled = filled.replace("{m}", str(dice.randint(1, 90))).replace("{k}", str(dice.randint(1, 9)))
    stamp = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
    body = f"{stamp} [pool-{dice.randint(1, 40)}-{logger[-4:]}-{dice.randint(1, 8)}] {level} {logger} - {filled}"
    return {"time": moment, "service": node, "body": body}


def _normal(node: str, start: float, end: float, dice: random.Random) -> list[Row]:
    """Lines that come in bursts: a line's rate changes every half minute."""
    rows = []
    for rate, level, logger, text in _NORMAL:
        moment = start
        while moment < end:
            busy = rate * dice.choice([0.4, 1.0, 1.0, 2.0])
            for _ in range(int(busy * 30 + dice.random())):
                at = moment + dice.random() * 30
                if at < end:
                    rows.append(_line(node, at, level, logger, text, dice))
            moment += 30
    return rows


def _spread(
    node: str, start: float, end: float, rate: float, what: tuple[str, str, str], dice: random.Random
) -> list[Row]:
    """Lines at random times, `rate` a second; at least one."""
    count = max(1, int((end - start) * rate))
    return [_line(node, start + dice.random() * (end - start), *what, dice) for _ in range(count)]


def _disk_full(scene: Scene) -> Outcome:
    dice = scene.dice
    what = ("ERROR", "c.w.WalRoller", "Cannot append to wal-{n}: No space left on device")
    more = _spread(scene.root, scene.begins, scene.ends, dice.choice([0.02, 0.2]), what, dice)
    what = ("WARN", "c.r.Replica", "Replication of region {k} lags by {n} entries")
    for node in scene.others[:-1]:
        more += _spread(node, scene.begins + 5, scene.ends, 0.03, what, dice)
    return Outcome(scene.rows + more, LINE, "No space left on device")


def _node_down(scene: Scene) -> Outcome:
    kept = [row for row in scene.rows if row["service"] != scene.root or row["time"] < scene.begins]
    what = ("WARN", "c.r.Replica", "Connect to region peer {k} failed: Connection refused")
    more = []
    for node in scene.others:
        if scene.dice.random() < 0.7:
            more += _spread(node, scene.begins + 4, scene.ends, 0.05, what, scene.dice)
    return Outcome(kept + more, ABSENCE)


def _unreachable(scene: Scene) -> Outcome:
    what = ("ERROR", "c.r.Replica", f"Cannot send heartbeat to {scene.root}: timeout after {{n}} ms")
    more = []
    for node in scene.others:
        more += _spread(node, scene.begins, scene.ends, 0.1, what, scene.dice)
    return Outcome(scene.rows + more, LINE)


def _import_job(scene: Scene) -> Outcome:
    what = ("INFO", "c.i.LoadTask", "Loaded file part-{n} into region {k}, {n} points")
    more = _spread(scene.root, scene.begins, scene.ends, 1.5, what, scene.dice)
    what = ("WARN", "c.q.SlowQuery", "Query {n} took {n} ms, longer than 1000 ms")
    more += _spread(scene.root, scene.begins, scene.ends, 1.5, what, scene.dice)
    return Outcome(scene.rows + more, LINE, "Loaded file part|longer than 1000 ms")


def _election(scene: Scene) -> Outcome:
    begins, dice = scene.begins, scene.dice
    what = ("WARN", "c.m.JvmPause", "Paused for {n} ms, garbage collection")
    more = _spread(scene.root, begins, begins + 20, 0.3, what, dice)
    what = ("INFO", "c.c.Election", "Term {k} begins, vote for peer {k}")
    for node in scene.nodes[:-1]:
        more += _spread(node, begins + 10, min(begins + 40, scene.ends), 0.1, what, dice)
    return Outcome(scene.rows + more, LINE, "garbage collection")


def _stops(scene: Scene) -> Outcome:
    gone = ("Flushed", "Rolled")
    kept = [
        row
        for row in scene.rows
        if row["service"] != scene.root or row["time"] < scene.begins or not any(word in row["body"] for word in gone)
    ]
    return Outcome(kept, ABSENCE, "Flushed memtable|Rolled segment")


def _silent(scene: Scene) -> Outcome:
    return Outcome(scene.rows, NONE)
