"""JSON records by their names: `flat` (our own format) and `json` (any other, also by a source's field map).

An object is a record; so is each object of an array. Other JSON values and damage are refused, text is kept as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats.any_line import any_line
from logsight_assets.intake.formats.flat_record import flat_record
from logsight_assets.intake.formats.json_stream import Parsed, Plain, read_json
from logsight_assets.intake.formats.json_values import dumps
from logsight_assets.intake.formats.multiline import is_binary, plain_fields
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record, Refused


def parse_json(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of JSON records with any names."""
    return _parse(lines, context, is_flat=False)


def parse_flat(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of the flat format: as `json`, and `event_id` is each record's own id."""
    return _parse(lines, context, is_flat=True)


def _parse(lines: Lines, context: ParseContext, is_flat: bool) -> Iterator[Outcome]:
    for item in read_json(lines, context.max_depth):
        if isinstance(item, Parsed):
            line, count, index, raw, value = item
            if type(value) is dict:
                yield Record(line, count, index, raw, flat_record(value, context, is_flat))
            else:
                yield from _array(item, value, context, is_flat)
        else:
            yield other_item(item, context)


def _array(item: Parsed, values: list[Any], context: ParseContext, is_flat: bool) -> Iterator[Outcome]:
    """The records of an array; an array without any object is no log."""
    if not any(isinstance(value, dict) for value in values):
        yield Refused(item.line, item.line_count, item.index, "not_an_object", item.raw)
        return
    for at, value in enumerate(values):
        count = 0 if at else item.line_count
        raw = dumps(value).encode("utf-8", "replace")
        if isinstance(value, dict):
            yield Record(item.line, count, item.index + at, raw, flat_record(value, context, is_flat))
        else:
            yield Refused(item.line, count, item.index + at, "not_an_object", raw)


def other_item(item: Plain | Refused | Ignored, context: ParseContext) -> Outcome:
    """What a JSON format makes of a line that is no document: refusals pass, text is an event."""
    if not isinstance(item, Plain):
        return item
    if is_binary(item.raw):
        return Refused(item.line, 1, 0, "not_utf8", item.raw)
    return Record(item.line, 1, 0, item.raw, any_line(item.raw, context) or plain_fields(item.raw))
