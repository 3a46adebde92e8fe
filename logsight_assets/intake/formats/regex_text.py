"""Text by a source's own RE2 expression with named groups (`ParseContext.pattern`).

Group names are read like the keys of a JSON record (`time`, `level`, `message`, `service_name`, …; a `__` in a name
stands for a dot), so any name that has no role is an attribute. A line that does not match is read as any other text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.errors import ConfigurationError
from logsight_assets.intake.formats.any_line import any_line
from logsight_assets.intake.formats.encoding import text_of, without_colours
from logsight_assets.intake.formats.flat_record import flat_record
from logsight_assets.intake.formats.multiline import Fields, TextRules, continues_indented, read_text
from logsight_assets.intake.formats.patterns import Pattern, source_pattern
from logsight_assets.intake.records import Lines, Outcome, ParseContext

_BODY_NAMES = frozenset({"body", "message", "msg"})


def regex_fields(raw: bytes, pattern: Pattern, context: ParseContext) -> Fields | None:
    """Fields of a line by the expression's groups; without a message group the whole line is the body."""
    groups = pattern.named(without_colours(raw))
    if groups is None:
        return None
    values: dict[str, Any] = {name.replace("__", "."): text_of(value) for name, value in groups.items()}
    fields = flat_record(values, context)
    if _BODY_NAMES.isdisjoint(values) and "body" not in context.field_map:
        fields["body"] = text_of(raw)
    return fields


def parse_regex(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of text by the source's expression. Raises ConfigurationError when the source has none."""
    if context.pattern is None:
        raise ConfigurationError("format 'regex' needs field 'pattern' with an RE2 expression that has named groups")
    pattern = source_pattern(context.pattern)

    def line(raw: bytes, context: ParseContext) -> Fields | None:
        return regex_fields(raw, pattern, context)

    return read_text(lines, context, TextRules(line, continues_indented, any_line))
