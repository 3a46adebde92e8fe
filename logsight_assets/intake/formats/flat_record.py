"""One JSON object to the flat format's fields by its keys' names: our own format and whatever else loggers write.

Nothing is lost: what has no role, or a value that its role cannot take, stays an attribute under its own name. A level
given as a number keeps that number as attribute beside the OTel one. A record without a message has its own JSON as
body, as a text line would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logsight_assets.intake.formats import trace
from logsight_assets.intake.formats.field_map import mapped_claims
from logsight_assets.intake.formats.field_names import (
    FLAT_COMPANIONS,
    FLAT_MARKS,
    NESTED,
    Claim,
    Claims,
    inner_role,
    role_of,
)
from logsight_assets.intake.formats.json_values import dumps
from logsight_assets.intake.formats.severity import name_number, severity_number
from logsight_assets.intake.formats.times import in_range, parse_time
from logsight_assets.intake.records import ParseContext


class Building:
    """A record in the making. Slots, not a dataclass: one is made for every JSON line."""

    __slots__ = ("attributes", "context", "fields", "resource")

    def __init__(self, context: ParseContext) -> None:
        self.context = context
        self.fields: dict[str, Any] = {}
        self.attributes: dict[str, Any] = {}
        self.resource: dict[str, Any] = {}

    def keep(self, claim: Claim) -> None:
        """What a role cannot take stays an attribute."""
        keep(self.attributes, claim.key, claim.value)


def flat_record(obj: dict[str, Any], context: ParseContext, is_flat: bool = False) -> dict[str, Any]:
    """Fields of a JSON object. `is_flat`: the source says that it is our format, so its `event_id` is the own id."""
    building = Building(context)
    fields = building.fields
    claims = _claims(obj, building)
    for name, settle in _SETTLERS:
        held = claims.pop(name, None)
        if held is not None:
            _settle(held, settle, building)
    if claims:
        _settle_containers(claims, building)
    for name, held in claims.items():
        if name == "event_id":
            _settle_id(held, obj, is_flat, building)
        else:
            _settle_resource(name, held, building)
    if building.attributes:
        _habits(obj, building)
    if building.attributes:
        fields["attributes"] = building.attributes
    if building.resource:
        fields["resource"] = building.resource
    if "body" not in fields:
        fields["body"] = dumps(obj)
    return fields


def _claims(obj: dict[str, Any], building: Building) -> Claims:
    """Sort an object's keys into claims and attributes."""
    claims: Claims = {}
    attributes = building.attributes
    if building.context.field_map:
        obj = mapped_claims(obj, building.context.field_map, claims, attributes)
    for key, value in obj.items():
        if type(value) is dict and key in NESTED:
            _take_inner(key, value, claims, attributes)
            continue
        role = role_of(key)
        if role is None or value is None:
            attributes[key] = value
        else:
            claim = Claim(role.rank, key, value, role.scale)
            held = claims.get(role.name)
            if held is None:
                claims[role.name] = [claim]
            else:
                held.append(claim)
    return claims


def is_flat_format(obj: dict[str, Any]) -> bool:
    """Whether a record is in our flat format: it has one of its own names, or a body beside its other parts."""
    if not FLAT_MARKS.isdisjoint(obj):
        return True
    return "body" in obj and not FLAT_COMPANIONS.isdisjoint(obj)


def keep(attributes: dict[str, Any], key: str, value: Any) -> None:
    """Keep a value as attribute; where the name is taken by another value, under the name with a `_` before it."""
    while key in attributes:
        key = "_" + key
    attributes[key] = value


def _take_inner(outer: str, value: dict[str, Any], claims: Claims, attributes: dict[str, Any]) -> None:
    taken = set()
    for inner in NESTED[outer]:
        role = inner_role(outer, inner) if value.get(inner) is not None else None
        if role is not None and not isinstance(value[inner], (dict, list)):
            claims.setdefault(role.name, []).append(Claim(role.rank, f"{outer}.{inner}", value[inner], role.scale))
            taken.add(inner)
    rest = {key: item for key, item in value.items() if key not in taken} if taken else value
    if rest or not taken:
        keep(attributes, outer, rest)


Settler = Callable[[Claim, Building], bool]


def _settle(held: list[Claim], settle: Settler, building: Building) -> None:
    if len(held) > 1:
        held.sort(key=lambda claim: claim.rank)
    settled = False
    for claim in held:
        if not settled and settle(claim, building):
            settled = True
        else:
            building.keep(claim)


def _time(claim: Claim, building: Building) -> bool:
    nanos = _nanos(claim, building.context)
    if nanos is None:
        return False
    building.fields["timeUnixNano"] = nanos
    return True


def _observed(claim: Claim, building: Building) -> bool:
    nanos = _nanos(claim, building.context)
    if nanos is None:
        return False
    building.fields["observedTimeUnixNano"] = nanos
    return True


def _nanos(claim: Claim, context: ParseContext) -> int | None:
    value = claim.value
    if claim.key[-4:].lower() == "nano":  # OTLP's name states the unit, whatever the source's is
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 24:
            value = int(value)
        return in_range(value) if type(value) is int else None
    return parse_time(value, context)


def _severity(claim: Claim, building: Building) -> bool:
    number, text = severity_number(claim.value, claim.scale)
    if text is None or (claim.key.lower() == "status" and (number is None or text.isdigit())):
        return False
    if text.isdigit() or not isinstance(claim.value, str):
        building.keep(claim)
    else:
        building.fields["severityText"] = text
    if number is not None:
        building.fields.setdefault("severityNumber", number)
    return True


def _severity_number(claim: Claim, building: Building) -> bool:
    value = claim.value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 3:
        value = int(value)
    if type(value) is not int or not 1 <= value <= 24:
        return False
    building.fields["severityNumber"] = value
    return True


# These words are also names of other things: they are a message only as text.
_BODY_IF_TEXT = frozenset({"log", "event", "text"})


def _body(claim: Claim, building: Building) -> bool:
    value = claim.value
    if isinstance(value, str):
        building.fields["body"] = value
        return True
    if claim.key in _BODY_IF_TEXT:
        return False
    building.fields["body"] = dumps(value)
    return True


def _trace(claim: Claim, building: Building) -> bool:
    value, key = claim.value, claim.key.lower()
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return False
    if key in ("traceparent", "b3", "x-amzn-trace-id", "amzn_trace_id"):
        found = trace.trace_context(value)
        if found.trace_id is None:
            return False
        building.fields["traceId"] = found.trace_id
        if found.span_id is not None:
            building.fields.setdefault("spanId", found.span_id)
        building.keep(claim)  # its flags have no field
        return True
    identifier = trace.decimal_trace_id(value) if key.startswith("dd.") else None
    identifier = identifier or trace.trace_id(value)
    if identifier is None:
        return False
    building.fields["traceId"] = identifier
    return True


def _span(claim: Claim, building: Building) -> bool:
    value = claim.value
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return False
    identifier = trace.decimal_span_id(value) if claim.key.lower().startswith("dd.") else None
    identifier = identifier or trace.span_id(value)
    if identifier is None:
        return False
    building.fields["spanId"] = identifier
    return True


# In this order: an explicit severityNumber is not overwritten, and a header's span id only fills a gap.
_SETTLERS: tuple[tuple[str, Settler], ...] = (
    ("time", _time),
    ("observed", _observed),
    ("severity_number", _severity_number),
    ("severity", _severity),
    ("body", _body),
    ("span", _span),
    ("trace", _trace),
)


def _settle_containers(claims: Claims, building: Building) -> None:
    for claim in claims.pop("attributes", ()):
        if isinstance(claim.value, dict):
            for key, value in claim.value.items():
                keep(building.attributes, key, value)
        else:
            building.keep(claim)
    for claim in claims.pop("resource", ()):
        if isinstance(claim.value, dict):
            building.resource.update(claim.value)
        else:
            building.keep(claim)


def _settle_resource(name: str, held: list[Claim], building: Building) -> None:
    held.sort(key=lambda claim: claim.rank)
    for claim in held:
        value = claim.value
        usable = isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""
        if usable and name not in building.resource:
            building.resource[name] = value if isinstance(value, str) else str(value)
        else:
            building.keep(claim)


def _settle_id(held: list[Claim], obj: dict[str, Any], is_flat: bool, building: Building) -> None:
    for claim in held:
        is_own = claim.rank < 0 or is_flat or is_flat_format(obj)
        usable = isinstance(claim.value, (str, int)) and not isinstance(claim.value, bool) and claim.value != ""
        if is_own and usable and "event_id" not in building.fields:
            building.fields["event_id"] = str(claim.value)
        else:
            building.keep(claim)


def _habits(obj: dict[str, Any], building: Building) -> None:
    """What a name alone does not tell, but the loggers that write these keys together do."""
    fields, attributes, resource = building.fields, building.attributes, building.resource
    uid = attributes.get("log.record.uid")
    if isinstance(uid, str) and uid:
        fields["event_id"] = uid
    if "s" in attributes and isinstance(obj.get("t"), dict) and isinstance(attributes["s"], str):  # MongoDB
        fields["severityText"] = attributes.pop("s")
        number = name_number(fields["severityText"])
        if number is not None:
            fields["severityNumber"] = number
    if "pid" in attributes and "service.name" not in resource and "host.name" in resource:  # bunyan and pino
        name = attributes.get("name")
        if isinstance(name, str) and name:
            resource["service.name"] = attributes.pop("name")
    if "timeUnixNano" not in fields and "time" in attributes and "date" in attributes:
        nanos = parse_time(f"{attributes['date']} {attributes['time']}", building.context)
        if nanos is not None:
            fields["timeUnixNano"] = nanos
            del attributes["time"], attributes["date"]
