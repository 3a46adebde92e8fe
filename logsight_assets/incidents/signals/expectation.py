"""What a line's own past lets expect of it, and how far it is from that.

A Poisson test alone shouts on logs that come in bursts. So the time before is cut into blocks as long as the incident's
time, and how a line's counts vary over blocks is what they may vary by; a few blocks are helped out by a prior.
"""

from __future__ import annotations

import numpy as np

from logsight_assets.incidents.observed import Bools, Floats

_PRIOR_SPREAD, _PRIOR_BLOCKS = 0.3, 3.0  # relative variance beyond Poisson's, and how many blocks that belief is worth
_AT_ONCE, _LEAST_SLICES = 3, 12  # slices that a burst lies in; slices of the time before that tell of bursts


def excess(events: Floats, before: Bools, during: Bools, every: Floats) -> tuple[Floats, Floats]:
    """Standard deviations of each row above what is expected, and its ratio to that.

    Rates are taken by time and by share of all events, `every`, and the higher expectation counts: a line is not
    surging because everything is, nor because everything else has stopped.
    """
    past, now = events[:, before], events[:, during]
    came, length = now.sum(axis=1), now.shape[1]
    blocks = block_sums(past, length)
    mean = blocks.mean(axis=1)
    spread = np.divide(blocks.var(axis=1) - mean, mean**2, out=np.zeros_like(mean), where=mean > 0).clip(0, 25)
    spread = (_PRIOR_SPREAD * _PRIOR_BLOCKS + spread * blocks.shape[1]) / (_PRIOR_BLOCKS + blocks.shape[1])
    seen = past.sum(axis=1) + 0.5
    by_time = seen * length / max(past.shape[1], 1)
    by_share = seen * every[:, during].sum() / max(every[:, before].sum(), 1.0)
    expected = np.maximum(by_time, by_share)
    deviation = np.sqrt(expected * burst_sizes(past) + expected**2 * (spread + 1 / seen) + 1)
    return (came - expected) / deviation, came / expected


def burst_sizes(past: Floats) -> Floats:
    """(rows,) how many lines of each row come at once, at least 1: variance over mean of counts in a few slices.

    Lines that come ten at once are a tenth as many independent things, and vary so much more.
    """
    if past.shape[1] < _LEAST_SLICES:
        return np.ones(len(past))
    sums = block_sums(past, _AT_ONCE)
    mean = sums.mean(axis=1)
    return np.asarray(np.divide(sums.var(axis=1), mean, out=np.ones_like(mean), where=mean > 0).clip(1, None))


def block_sums(past: Floats, length: int) -> Floats:
    """Sums over whole blocks of `length` slices, latest first; at least one block, scaled if the past is shorter."""
    whole = past.shape[1] // length
    if not whole:
        return np.asarray(past.sum(axis=1, keepdims=True) * (length / max(past.shape[1], 1)))
    return np.asarray(past[:, past.shape[1] - whole * length :].reshape(len(past), whole, length).sum(axis=2))
