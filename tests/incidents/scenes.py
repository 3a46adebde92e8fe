"""Observed time in a few words, for tests of single signals; and lakes with a fault in them for tests of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from logsight_assets.incidents.alarm import Alarm, parse_alarm
from logsight_assets.incidents.observed import Counts, Durations, Ints, Observed, SeenTemplate, TraceLines
from logsight_assets.incidents.windows import NS, Window
from logsight_assets.intake.run import declared_sources
from logsight_assets.lake import Lake
from logsight_assets.trends.completeness import refresh_completeness
from logsight_assets.trends.histogram import bucket_of
from tests.incidents.events import NOON, alarm_event
from tests.intake.lakes import HOUR, flat_line, make_lake, put_raw, read_all

START = 1_000_000 * NS
WINDOW = Window(START, START + 120 * NS, START + 180 * NS, 10 * NS)
Line = tuple[float, str]  # seconds from the incident's start, "service: text"


@dataclass
class Scene:
    """Lines in time, in traces or not; `observed()` is what they give."""

    failures: frozenset[str] = frozenset()  # texts that say that something failed
    lines: list[tuple[float, str, str, int | None]] = field(default_factory=list)
    hosts: dict[str, str] = field(default_factory=dict)
    durations: dict[str, tuple[dict[int, int], dict[int, int]]] = field(default_factory=dict)
    traces: int = 0
    took: list[tuple[float, str, str, float]] = field(default_factory=list)  # seconds, service, text, milliseconds

    def say(self, service: str, text: str, times: Iterable[float]) -> Scene:
        """Lines of no trace."""
        self.lines += [(time, service, text, None) for time in times]
        return self

    def say_took(self, service: str, text: str, times: Iterable[float], ms: float) -> Scene:
        """Lines of no trace that say how long something took."""
        moments = list(times)
        self.took += [(time, service, text, ms) for time in moments]
        return self.say(service, text, moments)

    def trace(self, start: float, *lines: tuple[float, str, str]) -> Scene:
        """One trace: (milliseconds from its start, service, text)."""
        self.lines += [(start + after / 1000, service, text, self.traces) for after, service, text in lines]
        self.traces += 1
        return self

    def observed(self) -> Observed:
        keys = sorted({(service, text) for _, service, text, _ in self.lines})
        services = tuple(sorted({service for service, _ in keys}))
        number = {key: place for place, key in enumerate(keys)}
        templates = tuple(
            SeenTemplate(f"t{place}", services.index(service), text, "", text, (place,), float(text in self.failures))
            for place, (service, text) in enumerate(keys)
        )
        slices = np.array(sorted({_slice(time) for time, *_ in self.lines}), dtype=np.int64)
        events = np.zeros((len(keys), len(slices)))
        for time, service, text, _ in self.lines:
            events[number[service, text], np.searchsorted(slices, _slice(time))] += 1
        traced = sorted(
            (trace, time, number[service, text]) for time, service, text, trace in self.lines if trace is not None
        )
        return Observed(
            WINDOW,
            services,
            templates,
            Counts(slices, events, self._first(number)),
            TraceLines(
                np.array([trace for trace, _, _ in traced], dtype=np.int64),
                np.array([START + round(time * NS) for _, time, _ in traced], dtype=np.int64),
                np.array([template for _, _, template in traced], dtype=np.int64),
                np.array([f"e{place}" for place in range(len(traced))], dtype=object),
            ),
            {services.index(name): both for name, both in self.durations.items()},
            self.hosts,
            took=Durations(
                np.array([number[service, text] for _, service, text, _ in self.took], dtype=np.int64),
                np.array([_slice(time) for time, *_ in self.took], dtype=np.int64),
                np.array([bucket_of(round(ms * 1e6)) for *_, ms in self.took], dtype=np.int64),
                np.ones(len(self.took), dtype=np.int64),
                np.array([f"d{place}" for place in range(len(self.took))], dtype=object),
                np.array([START + round(time * NS) for time, *_ in self.took], dtype=np.int64),
            ),
        )

    def _first(self, number: dict[tuple[str, str], int]) -> Ints:
        first = np.zeros(len(number), dtype=np.int64)
        for time, service, text, _ in sorted(self.lines, key=lambda line: -line[0]):
            if time >= 0:
                first[number[service, text]] = START + round(time * NS)
        return first


def _slice(time: float) -> int:
    return int(time // 10)


def every(step: float, start: float, end: float) -> list[float]:
    return [start + step * place for place in range(int((end - start) / step))]


# Lakes ----------------------------------------------------------------------------------------------------------------


def alarm_on(service: str, minute: float = 0, **given: Any) -> Alarm:
    """An alarm of two datapoints of a minute, `minute` minutes after NOON."""
    event = alarm_event(f"{service}-5xx", minute=minute, service=service, tenant=None, **given)
    event["detail"]["state"]["reasonData"] = '{"period": 60, "recentDatapoints": [5.0, 9.0]}'
    return parse_alarm(event)


def lake_of(root: Path, lines: Sequence[bytes]) -> Lake:
    """A lake that has read these lines, with its completeness."""
    lake = make_lake(root)
    put_raw(lake, lines)
    read_all(lake)
    refresh_completeness(lake, declared_sources(lake))
    return lake


def line_at(seconds: float, service: str, body: str, **fields: Any) -> bytes:
    """A line of the flat format, `seconds` from NOON."""
    nano = int(NOON.timestamp()) * NS + round(seconds * NS)
    return flat_line(timeUnixNano=str(nano), service=service, body=body, **fields)


def traffic(
    start: float,
    end: float,
    spoil: Callable[[float, int, str, str], tuple[str, str] | None] | None = None,
    **fields: Any,
) -> list[bytes]:
    """A request a second: the shop asks the till, the till asks the bank, and all say so, in one trace each.

    `spoil(second, place, service, body)` may say something else in a line's place, (severity, body), or "" for nothing.
    """
    steps = (
        ("shop", "order 17 comes in"),
        ("till", "charging order 17"),
        ("bank", "booking 30 for order 17"),
        ("bank", "booked 30 for order 17"),
        ("till", "charged order 17"),
        ("shop", "order 17 is placed"),
    )
    found = []
    for request in range(int(end - start)):
        second = start + request
        for place, (service, body) in enumerate(steps):
            said = spoil(second, place, service, body) if spoil else None
            severity, text = said if said is not None else ("INFO", body)
            if not text:
                continue
            number = {"INFO": 9, "WARN": 13, "ERROR": 17, "": None}[severity]
            given = {
                "severityNumber": number,
                "severityText": severity or None,
                "traceId": f"{round(second) + 10**6:032x}",
            }
            found.append(line_at(second + place * 0.003, service, text, **(given | fields)))
    return found


__all__ = ["HOUR", "NOON", "Scene", "alarm_on", "every", "lake_of", "line_at", "traffic"]
