"""What may be shown of a refused line: its beginning, redacted."""

from __future__ import annotations

from logsight_assets.intake.redact import Redactor

LONGEST = 200  # characters
# Enough that what begins in the excerpt is seen whole by the detectors, little enough to be quick.
_SEEN_BYTES = 2000


def excerpt(raw: bytes | None, redactor: Redactor) -> str | None:
    """Redacted first, then cut, so that no half of a secret stays; None for a line that was not kept."""
    if raw is None:
        return None
    return redactor.text(raw[:_SEEN_BYTES].decode("utf-8", "replace"))[:LONGEST]
