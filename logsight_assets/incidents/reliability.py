"""How often a first suspect of a score was the cause: measured by `python -m bench.incidents`, not a promise."""

from __future__ import annotations

# (scores from, share of the cases in which the first suspect was the cause, cases): decision 0011 says which cases.
TABLE: tuple[tuple[float, float, int], ...] = (
    (0.0, 0.02, 81),
    (0.2, 0.12, 24),
    (0.37, 0.55, 20),
    (0.5, 0.91, 109),
    (0.8, 0.97, 100),
)


def reliability_of(score: float) -> float:
    """The measured share of the score's bin."""
    return next((share for start, share, _ in reversed(TABLE) if score >= start), 0.0)
