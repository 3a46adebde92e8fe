"""Who calls whom and who deviates first: read from the order of lines in traces, spans or no spans.

A failure travels from the callee to its callers: within a trace, the service whose line is the first that is otherwise
than usual is nearer to the cause than those that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from logsight_assets.incidents.observed import Bools, Floats, Observed
from logsight_assets.incidents.signals.findings import SLOWER, STOPPED, Finding
from logsight_assets.incidents.signals.paths import stems

_TELLING = 0.25  # findings weaker than this do not mark a trace
_CALLS = 0.6  # of the traces that hold both, in which the callee's lines lie within the caller's
_LEAST_SYMPTOMS = 5  # traces of the symptom's service that say who meets it


@dataclass(frozen=True, eq=False)
class Chains:
    """What sampled traces say about the services' order; all zero without traces."""

    follows: Floats  # (services,) of the traces in which the service deviates, those in which another did before
    meets: Bools  # (services,) whether any trace holds it together with the symptom's service
    has_symptom: bool  # whether enough traces hold the symptom's service for `meets` to say something
    calls: Bools  # [a, b]: whether a calls b, itself or through others


def chains(observed: Observed, findings: Sequence[Finding], symptoms: Iterable[int], start_nano: int) -> Chains:
    """Links of the services by traces: who deviates, in those that begin from `start_nano` on; who calls, in all."""
    lines, size = observed.traces, len(observed.services)
    if not len(lines):
        nothing = np.zeros(size, dtype=bool)
        return Chains(np.zeros(size), nothing, False, np.zeros((size, size), dtype=bool))
    is_during = lines.nano[lines.starts] >= start_nano
    times = _deviation_times(observed, findings)[:, is_during]
    deviates = np.isfinite(times)
    count = deviates.sum(axis=1)
    after = (deviates & (times > times.min(axis=0))).sum(axis=1)
    follows = np.divide(after, count, out=np.zeros(size), where=count > 0)
    first, last = _spans(observed)
    wanted = sorted(symptoms)
    # Also traces from before: a service that is gone meets nobody any more.
    with_symptom = np.isfinite(first[wanted]).any(axis=0) if wanted else np.zeros_like(is_during)
    meets = np.asarray(np.isfinite(first[:, with_symptom]).any(axis=1))
    return Chains(follows, meets, int(with_symptom.sum()) >= _LEAST_SYMPTOMS, _calls(first, last))


def _deviation_times(observed: Observed, findings: Sequence[Finding]) -> Floats:
    """(services, traces) nanoseconds since the trace began at which a service first deviates; inf where it does not."""
    lines = observed.traces
    stem = stems(observed)
    stem_of = stem[lines.template]
    since = (lines.nano - lines.nano[lines.starts][lines.order]).astype(np.float64)
    times = np.full((len(observed.services), len(lines.starts)), np.inf)
    for finding in findings:
        # The line behind a slow gap is an ordinary one.
        if finding.template is None or finding.kind == SLOWER or finding.strength < _TELLING:
            continue
        at = np.full(len(lines.starts), np.inf)
        if finding.kind != STOPPED:
            own = lines.template == finding.template
            np.minimum.at(at, lines.order[own], since[own])
        elif finding.other is not None:
            # It is missed right after the last line of its neighbour.
            at = -np.inf * np.ones(len(lines.starts))
            neighbour = stem_of == stem[finding.other]
            np.maximum.at(at, lines.order[neighbour], since[neighbour] + 1)
            at[lines.order[stem_of == stem[finding.template]]] = np.inf
            at[~np.isfinite(at)] = np.inf
        times[finding.service] = np.minimum(times[finding.service], at)
    return times


def _spans(observed: Observed) -> tuple[Floats, Floats]:
    """(services, traces) time of a service's first and last line in each trace; inf and -inf where it has none."""
    lines = observed.traces
    service = observed.service_of[lines.template]
    nano = (lines.nano - lines.nano[0]).astype(np.float64)
    shape = len(observed.services), len(lines.starts)
    first, last = np.full(shape, np.inf), np.full(shape, -np.inf)
    np.minimum.at(first, (service, lines.order), nano)
    np.maximum.at(last, (service, lines.order), nano)
    return first, last


def _calls(first: Floats, last: Floats) -> Bools:
    size = len(first)
    calls = np.zeros((size, size), dtype=bool)
    for caller in range(size):
        both = np.isfinite(first) & np.isfinite(first[caller])
        within = both & (first > first[caller]) & (last < last[caller])
        calls[caller] = within.sum(axis=1) > _CALLS * np.maximum(both.sum(axis=1), 1)
    return calls
