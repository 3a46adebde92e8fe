"""What may be shown of a refused line: its beginning, redacted."""

from __future__ import annotations

from logsight_assets.intake.redact import Redactor

LONGEST = 200  # characters
# Enough that what begins in the excerpt is seen whole by the detectors, little enough to be quick.
_SEEN_BYTES = 4000
# Of a longer line the end of what was seen may be half a secret, and redaction before it may move it to the front.
_UNSURE = 1000  # bytes, so at most as many characters


def excerpt(raw: bytes | None, redactor: Redactor) -> str | None:
    """Redacted first, then cut, so that no half of a secret stays; None for a line that was not kept."""
    if raw is None:
        return None
    text = redactor.text(raw[:_SEEN_BYTES].decode("utf-8", "replace"))
    sure = len(text) - (_UNSURE if len(raw) > _SEEN_BYTES else 0)
    return text[: max(0, min(LONGEST, sure))]
