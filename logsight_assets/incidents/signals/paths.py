"""Paths through the code, as traces show them: which line comes right before which.

Lines are named by their stem, so that variants of one line are one. What is asked here: is a new line a new turn of a
path that was there before, or is the whole path new, because someone does something that nobody did before?
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from logsight_assets.incidents.observed import Bools, Floats, Ints, Observed

_STEM_WORDS = 10
_WORD, _PLACEHOLDER = re.compile(r"[A-Za-z][A-Za-z_]+"), re.compile(r"<[A-Z*][A-Z0-9_:*]*>")
_KNOWN_AFTER = 3  # times that a line came before the incident, to be a known one


@lru_cache(maxsize=4)
def stems(observed: Observed) -> Ints:
    """(templates,) the first template of each template's stem: variants of one line, such as lists of many lengths.

    A line whose values changed so much that it became another template has not stopped.
    """
    first: dict[tuple[int, str, tuple[str, ...]], int] = {}
    found = []
    for number, template in enumerate(observed.templates):
        words = tuple(_WORD.findall(_PLACEHOLDER.sub(" ", template.text))[:_STEM_WORDS])
        found.append(first.setdefault((template.service, template.call_site, words), number))
    return np.array(found, dtype=np.int64)


@lru_cache(maxsize=4)
def predecessors(observed: Observed) -> Ints:
    """(lines,) the stem of the line before each line in its trace; -1 for a trace's first."""
    lines = observed.traces
    stem = stems(observed)[lines.template]
    before = np.full(len(lines), -1, dtype=np.int64)
    before[1:] = np.where(lines.trace[1:] == lines.trace[:-1], stem[:-1], -1)
    return before


def known_turns(observed: Observed, is_past: Bools) -> Floats:
    """(templates,) of a template's lines in traces of the incident, the share behind one known before.

    `is_past` (lines,) says which lines lie in traces from before. NaN for a template that no such trace holds, or that
    only begins traces.
    """
    lines = observed.traces
    before = predecessors(observed)
    size = len(observed.templates)
    known = np.bincount(stems(observed)[lines.template[is_past]], minlength=size) >= _KNOWN_AFTER
    now = ~is_past & (before >= 0)
    total = np.bincount(lines.template[now], minlength=size)
    behind_known = np.bincount(lines.template[now & known[before]], minlength=size)
    turns: Floats = np.divide(behind_known, total, out=np.full(size, np.nan), where=total > 0)
    return turns
