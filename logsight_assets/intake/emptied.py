"""Documents that hold records of several tenants, with one tenant's records emptied and all others where they were.

An emptied record says only that it was erased; it keeps its place, so that the ids of its neighbours stay. What would
not be read so afterwards is left alone: the new lines are read and compared before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from logsight_assets.intake.formats import FORMATS, parse_object
from logsight_assets.intake.formats.json_values import TooDeep, documents, dumps
from logsight_assets.intake.formats.otlp_values import get
from logsight_assets.intake.records import Ignored, Outcome, ParseContext, Record, Refused
from logsight_assets.intake.tenancy import ERASED, TENANT_ATTRIBUTE

_RECORD = {"resource": {TENANT_ATTRIBUTE: ERASED}}
_OTLP_ATTRIBUTE = {"key": TENANT_ATTRIBUTE, "value": {"stringValue": ERASED}}


def emptied(
    lines: Sequence[tuple[int, bytes]],
    outcomes: Sequence[Record | Refused],
    gone: set[int],
    format_name: str,
    context: ParseContext,
) -> tuple[list[bytes], set[int]] | None:
    """The lines with the outcomes at these positions emptied, and the positions of all that were.

    `outcomes` are those of the lines. A group of OTLP goes as a whole, with what was refused in it. None if it cannot
    be done, or not without changing another record.
    """
    if not FORMATS[format_name].is_json:
        return None
    changed, positions = _rewritten(b"\n".join(raw for _, raw in lines), gone, context.max_depth)
    numbered = [(number, raw) for (number, _), raw in zip(lines, changed, strict=True)]
    read = [o for o in parse_object(numbered, format_name, context) if not isinstance(o, Ignored)]
    if not gone <= positions or len(read) != len(outcomes):
        return None
    pairs = enumerate(zip(outcomes, read, strict=True))
    is_right = all(_is_right(before, after, at in positions) for at, (before, after) in pairs)
    return (changed, positions) if is_right else None


def is_emptied(outcome: Outcome) -> bool:
    """Whether a record is what an erasure left in its place."""
    return isinstance(outcome, Record) and (outcome.fields.get("resource") or {}).get(TENANT_ATTRIBUTE) == ERASED


def _is_right(before: Record | Refused, after: Record | Refused, is_gone: bool) -> bool:
    if is_gone:
        return (before.line, before.index) == (after.line, after.index) and is_emptied(after)
    return before._replace(line_count=0) == after._replace(line_count=0)


def _rewritten(joined: bytes, gone: set[int], max_depth: int) -> tuple[list[bytes], set[int]]:
    """Lines with the records at these positions emptied where it can be done, and the positions of what was."""
    try:
        found, _ = documents(joined, max_depth)
    except TooDeep:
        found = []
    pieces: list[bytes] = []
    positions: set[int] = set()
    end = position = 0
    for document in found:
        groups = _groups(document.value)
        chosen = {at for at, held in enumerate(groups) if any(position + each in gone for each in held)}
        kept = joined[document.start : document.end]
        pieces += [joined[end : document.start], dumps(_without(document.value, chosen)).encode() if chosen else kept]
        positions |= {position + each for at in chosen for each in groups[at]}
        end, position = document.end, position + sum(map(len, groups))
    text = b"".join([*pieces, joined[end:]])
    # A document over several lines becomes one line; the others keep their numbers.
    return (text + b"\n" * (joined.count(b"\n") - text.count(b"\n"))).split(b"\n"), positions


# Documents that hold many records, by format --------------------------------------------------------------------------


def _groups(value: Any) -> list[range]:
    """Positions of a document's records, by what can only be emptied together."""
    sizes = [1]
    if isinstance(value, list):
        sizes = [1] * len(value)
    else:
        for name, batch in _BATCHES.items():
            if isinstance(held := value.get(name), list):
                sizes = [batch.size(element) for element in held]
    starts = accumulate(sizes, initial=0)
    return [range(start, start + size) for start, size in zip(starts, sizes, strict=False)]


def _without(value: Any, chosen: set[int]) -> Any:
    """A document with the chosen ones of its groups emptied."""
    if isinstance(value, list):
        return [_RECORD if at in chosen else element for at, element in enumerate(value)]
    for name, batch in _BATCHES.items():
        if isinstance(held := value.get(name), list):
            kept = [batch.emptied(element) if at in chosen else element for at, element in enumerate(held)]
            return value | {name: kept}
    return _RECORD


def _scope_sizes(group: Any) -> list[int]:
    scopes = get(group, "scopeLogs", "scope_logs") if isinstance(group, dict) else None
    if not isinstance(scopes, list):
        return [1]
    records = [get(scope, "logRecords", "log_records") if isinstance(scope, dict) else None for scope in scopes]
    return [len(each) if isinstance(each, list) else 1 for each in records]


def _emptied_resource(group: Any) -> dict[str, Any]:
    scopes: list[dict[str, Any]] = [{"logRecords": [{}] * size} for size in _scope_sizes(group)]
    return {"resource": {"attributes": [_OTLP_ATTRIBUTE]}, "scopeLogs": scopes}


@dataclass(frozen=True)
class _Batch:
    """What stands in the list of a batch."""

    size: Callable[[Any], int]  # records of an element
    emptied: Callable[[Any], Any]  # an element whose records are emptied


_RESOURCE_LOGS = _Batch(lambda group: sum(_scope_sizes(group)), _emptied_resource)
_BATCHES = {
    "logEvents": _Batch(lambda _: 1, lambda _: {"message": dumps(_RECORD)}),
    "resourceLogs": _RESOURCE_LOGS,
    "resource_logs": _RESOURCE_LOGS,
}
