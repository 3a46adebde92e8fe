"""A line of any kind: the reading that fits, or none. The fallback of every text format and of plain text itself.

So a wrong or mixed detection costs speed, not fields.
"""

from __future__ import annotations

from logsight_assets.intake.formats.containers import cri_line, prefixed_line
from logsight_assets.intake.formats.encoding import without_colours
from logsight_assets.intake.formats.load_balancers import load_balancer_line
from logsight_assets.intake.formats.multiline import Fields
from logsight_assets.intake.formats.payload import known_line
from logsight_assets.intake.formats.syslog import clear_syslog_line
from logsight_assets.intake.records import ParseContext


def any_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of a line that some rule parses; None for free text."""
    if b"\x1b[" in raw:
        raw = without_colours(raw)
    first = raw[:1]
    if first == b"<" or first.isalpha() or raw[10:11] == b"T":
        found = clear_syslog_line(raw, context)
        if found is not None:
            return found
    if raw[10:11] == b"T" and (found := cri_line(raw, context)) is not None:
        return found
    if (first in b"hwgt" or (raw[10:11] == b"T" and b' "' in raw)) and (
        found := load_balancer_line(raw, context)
    ) is not None:
        return found
    return known_line(raw, context) or prefixed_line(raw, context)
