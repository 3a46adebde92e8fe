"""The formats of text whose lines begin with a time, a level or nothing: timestamped, klog, logfmt, and plain text.

In a timestamped or klog file a line that begins nothing is part of the message before. In plain text each line is a
record, except stack frames. logfmt has one line a record.
"""

from __future__ import annotations

from collections.abc import Iterator

from logsight_assets.intake.formats.any_line import any_line
from logsight_assets.intake.formats.haproxy import haproxy_line
from logsight_assets.intake.formats.klog import klog_line
from logsight_assets.intake.formats.logfmt import logfmt_line
from logsight_assets.intake.formats.multiline import (
    TextRules,
    continues_trace,
    never_continues,
    no_other_reading,
    read_text,
)
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.timestamped import timed_line
from logsight_assets.intake.records import Lines, Outcome, ParseContext

# java.util.logging: time, class and method; the level and the message come in the next line.
_JUL_HEAD = Pattern(r"[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M ")


def continues_message(lines: list[bytes], raw: bytes, context: ParseContext) -> bool:
    """Whether a line without a time belongs to the message before: yes, unless it is a record of another kind."""
    if raw[:1] in (b" ", b"\t") or continues_trace(lines, raw, context):
        return True
    if raw[:1].isupper() and _JUL_HEAD.test(lines[-1]):
        return True
    return any_line(raw, context) is None


def parse_timestamped(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a log whose records begin with a time."""
    return read_text(lines, context, TextRules(timed_line, continues_message, any_line))


def parse_klog(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a klog or glog file."""
    return read_text(lines, context, TextRules(klog_line, continues_message, any_line, _glog_header))


_GLOG_HEADER = (b"Log file created at: ", b"Running on machine: ", b"Binary: Built ", b"Log line format: ")


def _glog_header(raw: bytes) -> str | None:
    return "header" if raw.startswith(_GLOG_HEADER) else None


def parse_logfmt(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a logfmt file."""
    return read_text(lines, context, TextRules(logfmt_line, continues_trace, any_line))


def parse_haproxy(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of HAProxy lines that stand alone."""
    return read_text(lines, context, TextRules(haproxy_line, never_continues, any_line))


def parse_text(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of free text."""
    return read_text(lines, context, TextRules(any_line, continues_trace, no_other_reading))
