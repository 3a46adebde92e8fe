"""Lines as the miner reads them, and its answer as a test reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import re2

from logsight_assets.intake.mask import COARSE_MASK
from logsight_assets.templates.mine import Cluster, MaskedLine, mine

_COARSE = re2.compile(COARSE_MASK)


def masked(lines: Iterable[str]) -> list[MaskedLine]:
    """The distinct coarse masks of lines, in the order of their first line, with smallest and largest line."""
    samples: dict[str, tuple[str, str]] = {}
    for line in lines:
        mask = _COARSE.sub("0", line)
        low, high = samples.get(mask, (line, line))
        samples[mask] = (min(low, line), max(high, line))
    return [MaskedLine(mask, low, high) for mask, (low, high) in samples.items()]


def templates(lines: Iterable[str]) -> list[str]:
    """The texts of the templates of lines, sorted."""
    return sorted(cluster.template for cluster in mine(masked(lines)))


def groups(lines: Sequence[MaskedLine]) -> set[frozenset[str]]:
    """The masks of each cluster."""
    return {masks_of(cluster, lines) for cluster in mine(lines)}


def masks_of(cluster: Cluster, lines: Sequence[MaskedLine]) -> frozenset[str]:
    return frozenset(lines[index].mask for index in cluster.members)
