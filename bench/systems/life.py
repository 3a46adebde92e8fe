"""A made system's life: traffic that swings, requests through its services, and a fault from some moment on."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.incident_cases import Row
from bench.systems.model import BURSTS, TIMER, Failure, Step, System, jitter

_PIECE = 20.0  # seconds in which the traffic is the same


@dataclass(frozen=True)
class Fault:
    """What is wrong with `root` from `begins` on; fields at their defaults do nothing."""

    root: str
    begins: float
    share: float = 1.0  # of the requests that pass through it
    failure: Failure | None = None  # said instead of its line; callers pass it on and the request ends
    is_down: bool = False  # says nothing at all
    delay_ms: float = 0.0  # before each of its lines, and behind its last
    gone: str = ""  # a text that is not said any more
    pressure: Failure | None = None
    pressure_rate: float = 0.0
    chatter_times: float = 1.0  # how often what it says of itself as a warning or worse comes now
    restarts: bool = False
    traffic: float = 1.0  # who waits asks less often


@dataclass(frozen=True)
class Traffic:
    """How busy a time is: a season, and noise on it."""

    period: float
    swing: float
    phase: float

    @classmethod
    def of(cls, dice: random.Random) -> Traffic:
        return cls(dice.choice([900.0, 3600.0, 7200.0]), dice.choice([0.0, 0.3, 0.6]), dice.random() * 6.3)

    def at(self, moment: float) -> float:
        return 1 + self.swing * math.sin(moment / self.period * 6.283 + self.phase)


def live(system: System, start: float, end: float, fault: Fault, dice: random.Random, busier: float = 1.0) -> list[Row]:
    """Rows from `start` to `end`; `busier` is how many times the traffic is from `fault.begins` on, without a fault."""
    traffic = Traffic.of(dice)
    rows: list[Row] = []
    weights = [dice.choice([0.5, 1.0, 2.0]) for _ in system.flows]
    moment = start
    while moment < end:
        factor = busier * fault.traffic if moment >= fault.begins else 1.0
        usual = system.rate * _PIECE * traffic.at(moment) * factor * jitter(dice, 0.25)
        drift = [weight * jitter(dice, 0.3) for weight in weights]
        for _ in range(int(usual + dice.random())):
            at = moment + dice.random() * _PIECE
            if at < end:
                flow = dice.choices(system.flows, drift)[0]
                rows += _request(system, flow, at, fault, dice)
        moment += _PIECE
    rows += _chatter(system, start, end, fault, dice)
    rows += _pressure(system, end, fault, dice)
    return sorted((row for row in rows if row["time"] < end), key=lambda row: row["time"])


def row_of(system: System, moment: float, service: str, level: str, text: str, dice: random.Random) -> Row:
    row: Row = {"time": moment, "service": service, "body": system.style(moment, service, level, text, dice)}
    return {**row, "severity": level} if system.has_severity else row


def _request(system: System, flow: tuple[Step, ...], moment: float, fault: Fault, dice: random.Random) -> Iterator[Row]:
    request = f"{dice.getrandbits(128):032x}"
    is_hit = (
        moment >= fault.begins
        and any(step.service == fault.root for step in flow)
        and (fault.share >= 1 or dice.random() < fault.share)
    )
    clock, begun, before = moment, dict[str, float](), ""
    for step in flow:
        own = fault.root in (step.service, before) and is_hit
        late = fault.delay_ms * dice.uniform(0.5, 1.5) if own else 0.0
        gap = step.after * jitter(dice)
        clock += (late + gap) / 1000
        # What is late in front of another service's first line is not its own time.
        begun.setdefault(step.service, clock - (gap + (late if step.service == fault.root else 0.0)) / 1000)
        ends = is_hit and step.service == fault.root and (fault.failure is not None or fault.is_down)
        said = [(step.service, step.level, step.text)]
        if is_hit and step.text == fault.gone:
            said = []
        if ends:
            said = _failed(fault, list(begun), dice)
        for service, level, text in said:
            filled = system.fill(text, (clock - begun[service]) * 1000, request[:8], dice)
            row = row_of(system, clock, service, level, filled.replace("{root}", fault.root), dice)
            yield {**row, "trace_id": request} if system.is_traced else row
            clock += 0.002 * jitter(dice)
        if ends:
            return
        before = step.service


def _failed(fault: Fault, passed: list[str], dice: random.Random) -> list[tuple[str, str, str]]:
    """The root's failure, then who called it, and mostly also where the request came in."""
    failure = fault.failure or Failure("")
    said = [] if fault.is_down else [(fault.root, failure.level, failure.text)]
    callers = [service for service in passed if service != fault.root]
    if failure.caller and callers:
        said.append((callers[-1], "ERROR", failure.caller))
        if len(callers) > 1 and dice.random() < 0.6:
            said.append((callers[0], "ERROR", "request {req} failed with status 500 after {took}"))
    return said


def _chatter(system: System, start: float, end: float, fault: Fault, dice: random.Random) -> Iterator[Row]:
    for each in system.chatter:
        for moment in _moments(each.rate, each.rhythm, start, end, dice):
            is_own = each.service == fault.root and moment >= fault.begins
            if is_own and (fault.is_down or each.text == fault.gone):
                continue
            grave = is_own and each.level in ("WARN", "ERROR")
            for place in range(1 + (_poisson(fault.chatter_times - 1, dice) if grave else 0)):
                text = system.fill(each.text, 40 * jitter(dice), f"{dice.getrandbits(32):08x}", dice)
                yield row_of(system, moment + place * dice.random(), each.service, each.level, text, dice)


def _moments(rate: float, rhythm: str, start: float, end: float, dice: random.Random) -> Iterator[float]:
    moment = start + dice.random() / rate
    while moment < end:
        if rhythm == BURSTS:
            size = dice.randint(3, 25)
            yield from (moment + dice.random() * 8 for _ in range(size))
            moment += dice.expovariate(rate / 14)
        else:
            yield moment
            moment += 1 / rate if rhythm == TIMER else dice.expovariate(rate)


def _pressure(system: System, end: float, fault: Fault, dice: random.Random) -> Iterator[Row]:
    said: list[tuple[float, str, str]] = []
    if fault.pressure is not None:
        count = max(1, _poisson((end - fault.begins) * fault.pressure_rate, dice))
        moments = sorted(fault.begins + dice.random() * (end - fault.begins) for _ in range(count))
        said += [(moment, fault.pressure.level, fault.pressure.text) for moment in moments]
    if fault.restarts:
        said += [(fault.begins + place * 0.7, "INFO", text) for place, text in enumerate(system.startup)]
    for moment, level, text in said:
        filled = system.fill(text, 900 * jitter(dice), f"{dice.getrandbits(32):08x}", dice)
        yield row_of(system, moment, fault.root, level, filled, dice)


def _poisson(mean: float, dice: random.Random) -> int:
    count, left = 0, dice.expovariate(1.0)
    while left < mean:
        count += 1
        left += dice.expovariate(1.0)
    return count
