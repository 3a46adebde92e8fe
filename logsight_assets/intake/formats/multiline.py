"""Physical lines to records of text formats: which line begins one, which continues the one before.

A record may take MAX_RECORD_LINES lines and MAX_RECORD_BYTES bytes, then it is closed and the next begins a new one.
Blank lines are ignored by rule wherever they stand; they close nothing, so a trace with a gap stays one record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from logsight_assets.intake.formats import trace
from logsight_assets.intake.formats.encoding import text_of, without_colours
from logsight_assets.intake.formats.patterns import Pattern, source_pattern
from logsight_assets.intake.formats.severity import text_severity
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record, Refused

MAX_RECORD_BYTES = 1024 * 1024
MAX_RECORD_LINES = 1000

Fields = dict[str, Any]
LineParser = Callable[[bytes, ParseContext], Fields | None]
# Whether a line that begins no record of the format continues the record whose lines are the first argument.
Continues = Callable[[list[bytes], bytes, ParseContext], bool]


@dataclass(frozen=True)
class TextRules:
    """What one text format says about its lines."""

    line: LineParser  # fields of a line that begins a record; None: not of this format
    continues: Continues
    otherwise: LineParser  # a line that neither begins nor continues; None: its text is the body
    ignored: Callable[[bytes], str | None] | None = None  # the rule by which a line is left out


class Pending:
    """A record that may still grow."""

    __slots__ = ("fields", "line", "raws", "size", "texts")

    def __init__(self, line: int, raw: bytes, fields: Fields) -> None:
        self.line = line
        self.raws = [raw]
        self.texts: list[bytes] = []  # of the lines after the first
        self.fields = fields
        self.size = len(raw)

    def add(self, raw: bytes, text: bytes) -> None:
        """Append a line: its bytes to the record's, its text to the body."""
        self.raws.append(raw)
        self.size += len(raw) + 1
        self.texts.append(text)

    @property
    def is_full(self) -> bool:
        return self.size > MAX_RECORD_BYTES or len(self.raws) >= MAX_RECORD_LINES

    def record(self) -> Record:
        raws = self.raws
        if len(raws) == 1:
            return Record(self.line, 1, 0, raws[0], self.fields)
        more = (text_of(without_colours(text)) for text in self.texts)
        self.fields["body"] = "\n".join([self.fields.get("body", ""), *more])
        if "severityNumber" not in self.fields:  # java.util.logging has it in the second line
            set_text_severity(self.fields, self.texts[0])
        return Record(self.line, len(raws), 0, b"\n".join(raws), self.fields)


def plain_fields(raw: bytes) -> Fields:
    """Fields of a line that no rule parses: its text is the body; a level only where it names one beyond doubt."""
    raw = without_colours(raw)
    fields: Fields = {"body": text_of(raw)}
    set_text_severity(fields, raw)
    set_text_ids(fields, raw)
    return fields


def set_text_severity(fields: Fields, raw: bytes) -> None:
    """Set the level that a line's text names beyond doubt."""
    number, text = text_severity(raw)
    if number is not None:
        fields["severityNumber"] = number
        if text is not None:
            fields["severityText"] = text


def set_text_ids(fields: Fields, raw: bytes) -> None:
    """Set the trace and span id that a line's text names."""
    found = trace.text_ids(raw)
    if found.trace_id is not None:
        fields["traceId"] = found.trace_id
        if found.span_id is not None:
            fields["spanId"] = found.span_id


def is_binary(raw: bytes) -> bool:
    """Whether a line is no text in UTF-8: UTF-16 that nobody transcoded, or a binary object under a log's name."""
    return b"\x00" in raw and raw.count(b"\x00") * 4 >= len(raw)


def read_text(lines: Lines, context: ParseContext, rules: TextRules) -> Iterator[Outcome]:
    """Outcomes of a text format, one pass, holding one record."""
    joins = _joining_rule(context, rules)
    pending: Pending | None = None
    parse, ignored = rules.line, rules.ignored
    for number, raw in lines:
        if raw.endswith(b"\r"):
            raw = raw[:-1]
        if not raw or raw.isspace():
            yield Ignored(number, 1, "blank")
            continue
        if ignored is not None and (rule := ignored(raw)) is not None:
            if pending is not None:
                yield pending.record()
                pending = None
            yield Ignored(number, 1, rule)
            continue
        if is_binary(raw):
            yield Refused(number, 1, 0, "not_utf8", raw)
            continue
        fields = parse(raw, context)
        if pending is not None and not pending.is_full and joins(fields, pending.raws, raw):
            pending.add(raw, raw)
            continue
        if pending is not None:
            yield pending.record()
        pending = Pending(number, raw, fields or rules.otherwise(raw, context) or plain_fields(raw))
    if pending is not None:
        yield pending.record()


def _joining_rule(context: ParseContext, rules: TextRules) -> Callable[[Fields | None, list[bytes], bytes], bool]:
    """Whether a line joins the record before: by the source's own rule when it has one, else by the format's."""
    if context.multiline_start:
        starts = source_pattern(context.multiline_start)
        return lambda _fields, _lines, raw: not starts.test_anywhere(raw)
    continues = rules.continues
    return lambda fields, lines, raw: fields is None and continues(lines, raw, context)


_FRAME = Pattern(
    r"\s+at \S|\s*\.\.\. \d+ (?:more|common frames)|Caused by: |\s+(?:Suppressed|Caused by): |\s+File \".*\", line \d+"
    r"|\s+\^+\s*$|#\d+ |\s+from \S+:\d+:in |\[(?:stacktrace|previous exception)\]|During handling of the above"
    r"|The above exception was the direct cause|\s+--- End of "
)
# .NET's console logger puts the message under the line with level and category, six blanks in.
_DOTNET = Pattern(r"(?:trce|dbug|info|warn|fail|crit): \S+\[\d+\]\s*$")
_RAISED = Pattern(r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Iteration|Timeout|Failure)\b")


def continues_trace(lines: list[bytes], raw: bytes, _context: ParseContext) -> bool:
    """Stack frames of Java, Python, PHP, Ruby, .NET and JavaScript, and nothing else."""
    if _FRAME.test(raw):
        return True
    last = lines[-1]
    if raw[:6] == b"      " and _DOTNET.test(lines[0]):
        return True
    if raw[:1] in (b" ", b"\t"):
        return last.startswith((b"Traceback (most recent call last)", b'  File "', b"    "))
    return last[:4] == b"    " and _RAISED.test(raw)  # Python's last line, after the frames


def continues_indented(lines: list[bytes], raw: bytes, context: ParseContext) -> bool:
    """An indented line, or a stack frame."""
    return raw[:1] in (b" ", b"\t") or continues_trace(lines, raw, context)


def never_continues(_lines: list[bytes], _raw: bytes, _context: ParseContext) -> bool:
    """For formats of one line a record."""
    return False


def no_other_reading(_raw: bytes, _context: ParseContext) -> Fields | None:
    """For `TextRules.otherwise`: the line's text is the body."""
    return None
