"""Cases of the made systems: faults of several kinds in turn, and times in which nothing is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from bench.incident_cases import ABSENCE, LINE, NONE, TIMING, Case, Row, alarm_at, literal_part
from bench.systems.batch import BATCH, HOSTS
from bench.systems.boutique import BOUTIQUE
from bench.systems.kube import KUBE
from bench.systems.life import Fault, live
from bench.systems.model import RANDOM, System
from bench.systems.spring import SPRING
from bench.systems.stream import STREAM
from bench.systems.web import WEB

SYSTEMS = (BOUTIQUE, SPRING, WEB, KUBE, STREAM, BATCH, HOSTS)
_START = 1_750_100_400.0
Kind = Callable[[System, float, Random], tuple[Fault, str, str | None]]  # fault, how visible, evidence


def system_cases(count: int, seed: int, systems: Sequence[System] = SYSTEMS) -> list[Case]:
    """`count` cases of each system, each with a fault that shows or with none."""
    return [_shown(system, number, seed) for system in systems for number in range(count)]


def _shown(system: System, number: int, seed: int) -> Case:
    """A fault of a thin time may have met nothing: then it is made anew."""
    tries = (_case(system, number, Random(f"{seed}-{system.name}-{number}-{turn}")) for turn in range(50))
    return next(case for case in tries if case is not None)


def _case(system: System, number: int, dice: Random) -> Case | None:
    kind = _KINDS[number % len(_KINDS)]
    window = dice.choice([60.0, 120.0, 300.0])
    begins = _START + dice.choice([3, 8, 15]) * window
    change = begins + dice.choice([0.4, 0.7, 1.0]) * window
    fault, visible, evidence = kind(system, begins, dice)
    end = change + window / 2 + 5
    busy = replace(system, rate=dice.choice([400, 1200, 3000]) / (end - _START))
    rows = live(busy, _START, end, fault, dice, dice.choice([1.0, 1.0, 1.8, 0.5]) if visible == NONE else 1.0)
    if evidence and not _shows(rows, visible, evidence, begins, (end - begins) / (begins - _START)):
        return None
    symptom = dice.choice([fault.root, _entrance(system, fault.root), dice.choice(system.services)])
    return Case(
        f"{system.name}-{number:02}-{kind.__name__.strip('_')}",
        f"{system.name}-silent" if visible == NONE else system.name,
        rows,
        alarm_at(change, symptom, window),
        fault.root,
        visible,
        evidence,
        fault.root if evidence else None,
        len(system.services),
    )


def _shows(rows: list[Row], visible: str, evidence: str, begins: float, share: float) -> bool:
    """Whether the fault's line comes, or would have come a few times: `share` is the fault's time of that before."""
    said = [row["time"] >= begins for row in rows if re.search(evidence, row["body"])]
    return said.count(False) * share >= 4 if visible == ABSENCE else any(said)


def _entrance(system: System, root: str) -> str:
    """Where the requests come in that pass through `root`."""
    return next((flow[0].service for flow in system.flows if any(step.service == root for step in flow)), root)


def _fails(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    root = dice.choice(sorted(system.failures))
    failure = dice.choice(system.failures[root])
    fault = Fault(root, begins, dice.choice([0.3, 0.7, 1.0]), failure, traffic=dice.choice([1.0, 0.7]))
    return fault, LINE, literal_part(failure.text)


def _seldom_fails(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    fault, visible, evidence = _fails(system, begins, dice)
    return replace(fault, share=0.08, traffic=1.0), visible, evidence


def _is_under_pressure(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    root = dice.choice(sorted(system.pressure))
    said = dice.choice(system.pressure[root])
    rate = dice.choice([0.02, 0.1, 0.5])
    return Fault(root, begins, pressure=said, pressure_rate=rate), LINE, literal_part(said.text)


def _is_slow(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    timed = {step.service: step.text for flow in system.flows for step in flow if "{took}" in step.text}
    inner = sorted(service for service in timed if service != system.flows[0][0].service) or sorted(timed)
    root = dice.choice(inner)
    delay = dice.choice([200.0, 1000.0, 4000.0])
    return Fault(root, begins, delay_ms=delay, traffic=dice.choice([1.0, 0.6])), TIMING, literal_part(timed[root])


def _is_down(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    able = sorted(root for root, held in system.failures.items() if any(each.caller for each in held))
    if not able:
        return _stops(system, begins, dice)
    root = dice.choice(able)
    failure = next(each for each in system.failures[root] if each.caller)
    return Fault(root, begins, failure=failure, is_down=True), ABSENCE, None


def _stops(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    steps = [step for flow in system.flows for place, step in enumerate(flow) if place]
    gone = dice.choice(steps)
    return Fault(gone.service, begins, gone=gone.text), ABSENCE, literal_part(gone.text)


def _surges(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    grave = [each for each in system.chatter if each.level in ("WARN", "ERROR")]
    usual = dice.choice([each for each in grave if each.rhythm == RANDOM] or grave)
    return Fault(usual.service, begins, chatter_times=dice.choice([8.0, 20.0])), LINE, literal_part(usual.text)


def _restarts(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    root = dice.choice(sorted(system.failures))
    failure = dice.choice(system.failures[root])
    return Fault(root, begins, 0.5, failure, restarts=True), LINE, literal_part(failure.text)


def _nothing(system: System, begins: float, dice: Random) -> tuple[Fault, str, str | None]:
    return Fault(dice.choice(system.services), begins), NONE, None


_KINDS: tuple[Kind, ...] = (
    _fails, _nothing, _is_slow, _is_under_pressure, _nothing, _is_down, _stops, _seldom_fails, _nothing, _surges,
    _restarts, _nothing,
)  # fmt: skip
