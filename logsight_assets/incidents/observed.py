"""What was observed around an alarm, as arrays: counts of templates by time, lines of traces, durations.

Everything that follows is a pure function of this. Templates and services are numbered; numbers are positions in
`templates` and `services`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from logsight_assets.incidents.windows import Window

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SeenTemplate:
    """A template of a service, as far as the time read shows it."""

    template_id: str
    service: int
    text: str  # constants and placeholders
    call_site: str  # line number in the code that its lines state, or '': one template may be logged in two places
    sample: str  # the beginning of one of its bodies
    patterns: tuple[int, ...]  # pattern ids, ascending
    gravity: float  # 1: says that something failed; 0.5: warns; 0: neither


@dataclass(frozen=True, eq=False)
class Counts:
    """Events by template and slice; slice 0 begins the incident, negative ones lie before it."""

    slices: Ints  # (s,) index of each slice in which anything was logged, ascending
    events: Floats  # (templates, s)
    first_nano: Ints  # (templates,) its first event of the incident; 0 if none came


@dataclass(frozen=True, eq=False)
class TraceLines:
    """Lines of sampled traces, trace by trace, in order of time."""

    trace: Ints  # (n,) number of the trace
    nano: Ints  # (n,)
    template: Ints  # (n,)
    event_id: npt.NDArray[np.object_]  # (n,)

    @cached_property
    def starts(self) -> Ints:
        """Position of each trace's first line."""
        return np.flatnonzero(np.diff(self.trace, prepend=-1))

    @cached_property
    def order(self) -> Ints:
        """(n,) place of each line's trace among the traces."""
        return np.cumsum(np.diff(self.trace, prepend=-1) != 0) - 1

    def __len__(self) -> int:
        return len(self.trace)


@dataclass(frozen=True, eq=False)
class Durations:
    """How long events took, as far as they say so: counts by template, slice and bucket (trends/histogram.py).

    Of frequent templates a sample: shares within the time before, and within the incident, are fair; totals are not.
    """

    template: Ints  # (n,)
    slices: Ints  # (n,) as in Counts
    bucket: Ints  # (n,)
    events: Ints  # (n,)
    event_id: npt.NDArray[np.object_]  # (n,) one of them …
    nano: Ints  # (n,) … and its time

    @classmethod
    def none(cls) -> Durations:
        """Of lines that say none."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing.astype(object), nothing)


@dataclass(frozen=True, eq=False)
class Observed:
    """All of it. Rows are bounded: patterns by the trends' caps, slices by the window, traces by a sample."""

    window: Window
    services: tuple[str, ...]
    templates: tuple[SeenTemplate, ...]
    counts: Counts
    traces: TraceLines
    durations: Mapping[int, tuple[Mapping[int, int], Mapping[int, int]]] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)  # host → its only service
    events: int = 0
    took: Durations = field(default_factory=Durations.none)

    @cached_property
    def service_of(self) -> Ints:
        """(templates,) the service of each template."""
        return np.array([template.service for template in self.templates], dtype=np.int64)

    @cached_property
    def gravity(self) -> Floats:
        """(templates,) how much each template says that something failed."""
        return np.array([template.gravity for template in self.templates], dtype=np.float64)
