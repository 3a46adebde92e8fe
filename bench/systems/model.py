"""What a made system is: lines of its requests, lines that no request causes, and how they are written."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

RANDOM, TIMER, BURSTS = "random", "timer", "bursts"


@dataclass(frozen=True)
class Step:
    """A line of a request, about `after` milliseconds behind the one before.

    Texts hold {n} and {k} (numbers), {id} (hex), {ip}, {path}, {req} (the request's own) and {took} (how long the
    service has been at it, in the system's words).
    """

    service: str
    text: str
    after: float = 5.0
    level: str = "INFO"


@dataclass(frozen=True)
class Chatter:
    """Lines that no request causes, `rate` a second: at random, by a timer, or in bursts."""

    service: str
    text: str
    rate: float
    level: str = "INFO"
    rhythm: str = RANDOM


@dataclass(frozen=True)
class Failure:
    """What a service says when it fails, and what who called it says then; {root} is the failing service."""

    text: str
    caller: str = ""
    level: str = "ERROR"


Style = Callable[[float, str, str, str, random.Random], str]  # moment, service, level, text → body


@dataclass(frozen=True)
class System:
    """Services, their normal life and what may befall them."""

    name: str
    style: Style
    flows: tuple[tuple[Step, ...], ...]
    chatter: tuple[Chatter, ...]
    failures: Mapping[str, tuple[Failure, ...]]
    pressure: Mapping[str, tuple[Failure, ...]]  # said now and then, while requests go on: memory, disks, pools
    startup: tuple[str, ...]  # what any of its services says when it starts
    rate: float  # requests a second
    has_severity: bool = True
    is_traced: bool = False
    took: str = "{ms:.0f}ms"  # how durations are written, of `ms` or `s`
    paths: tuple[str, ...] = ("/api/orders", "/api/cart", "/health", "/api/items/7")
    services: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        said = {step.service for flow in self.flows for step in flow} | {each.service for each in self.chatter}
        object.__setattr__(self, "services", tuple(sorted(said)))

    def fill(self, text: str, ms: float, request: str, dice: random.Random) -> str:
        """A text with its values."""
        values = {
            "n": str(dice.randint(100, 99_999)),
            "k": str(dice.randint(0, 9)),
            "id": f"{dice.getrandbits(48):012x}",
            "ip": f"10.{dice.randint(0, 9)}.{dice.randint(0, 255)}.{dice.randint(1, 254)}",
            "path": dice.choice(self.paths),
            "req": request,
            "took": self.took.format(ms=ms, s=ms / 1000),
        }
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text


def jitter(dice: random.Random, spread: float = 0.4) -> float:
    """A factor around 1, with the long tail that durations have."""
    return math.exp(dice.gauss(0, spread))
