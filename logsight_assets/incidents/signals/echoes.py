"""Who only passes a failure on where no trace says so: who fails right after another, or while another one is gone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.signals.findings import NEW, SILENT, SURGING, Finding

_TELLING = 0.5  # strength of failures and silences that tell who echoes whom
_NEARLY = 0.9  # of an echo's strength is the least that the failure before it has


def echoes(observed: Observed, findings: Sequence[Finding]) -> set[int]:
    """Services, none of them in traces, whose failures are probably another one's."""
    traced = set(observed.service_of[np.unique(observed.traces.template)].tolist())
    grave = [f for f in findings if f.kind in (NEW, SURGING) and f.strength >= _TELLING and f.service not in traced]
    gone = {f.service for f in findings if f.kind == SILENT and f.strength >= _TELLING and _is_gone(observed, f)}
    return {finding.service for finding in grave} - gone if gone else _late(observed, grave)


def _is_gone(observed: Observed, silence: Finding) -> bool:
    """Whether a service that fell silent said nothing any more: not one that is only asked less."""
    since = ((silence.since_nano or 0) - observed.window.start) // observed.window.slice_ns
    own = observed.counts.events[observed.service_of == silence.service]
    return not own[:, observed.counts.slices >= since].any()


def _late(observed: Observed, grave: Sequence[Finding]) -> set[int]:
    """Services whose first new failure comes within a slice of time after another one's that is about as clear."""
    first = observed.counts.first_nano
    began: dict[int, int] = {}
    clear: dict[int, float] = {}
    for finding in grave:
        if finding.kind != NEW or finding.template is None:
            continue
        service, nano = finding.service, int(first[finding.template])
        began[service] = min(began.get(service, nano), nano)
        clear[service] = max(clear.get(service, 0.0), finding.strength)
    return {
        late
        for late in began
        for early in began
        if began[early] < began[late] <= began[early] + observed.window.slice_ns
        and clear[early] >= _NEARLY * clear[late]
    }
