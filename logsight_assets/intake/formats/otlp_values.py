"""OTLP's AnyValue and KeyValue in JSON, camelCase or snake_case, to plain values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


class Malformed(ValueError):
    """A part of an OTLP request has the wrong type."""


_SCALARS = {
    "stringValue": str, "string_value": str, "boolValue": bool, "bool_value": bool, "bytesValue": str,
    "bytes_value": str,
}  # fmt: skip


def get(holder: dict[str, Any], *names: str) -> Any:
    """The value under the first of the names that is there."""
    for name in names:
        if name in holder:
            return holder[name]
    return None


def attribute_map(pairs: Any) -> dict[str, Any]:
    """A list of KeyValue as one object; of equal keys the last wins. Raises Malformed."""
    if not isinstance(pairs, list):
        raise Malformed
    found: dict[str, Any] = {}
    for pair in pairs:
        if not isinstance(pair, dict) or not isinstance(pair.get("key"), str):
            raise Malformed
        found[pair["key"]] = any_value(pair.get("value"))
    return found


def any_value(value: Any) -> Any:
    """The plain value of an AnyValue; None when it is empty. The JSON reader bounds nesting. Raises Malformed."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Malformed
    for key, held in value.items():
        wanted = _SCALARS.get(key)
        if wanted is not None:
            if not isinstance(held, wanted):
                raise Malformed
            return held
        read = _READERS.get(key)
        if read is not None:
            return read(held)
    if value:
        raise Malformed
    return None


def _values(holder: Any) -> list[Any]:
    values = holder.get("values") if isinstance(holder, dict) else None
    if values is None and isinstance(holder, dict):
        return []
    if not isinstance(values, list):
        raise Malformed
    return values


def _integer(value: Any) -> int | str:
    """An int64 as number or text; one that is larger stays text."""
    if isinstance(value, bool):
        raise Malformed
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value) if abs(value) < 2**63 else str(value)
    if isinstance(value, str):
        digits = value[1:] if value[:1] == "-" else value
        if digits.isascii() and digits.isdigit():
            return int(value) if len(digits) < 19 or -(2**63) <= int(value[:24]) < 2**63 else value
    raise Malformed


def _double(value: Any) -> float | int | str:
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            raise Malformed from None
        return number if math.isfinite(number) else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Malformed
    return value


def _array(holder: Any) -> list[Any]:
    return [any_value(item) for item in _values(holder)]


def _map(holder: Any) -> dict[str, Any]:
    return attribute_map(_values(holder))


_READERS: dict[str, Callable[[Any], Any]] = {
    "intValue": _integer, "int_value": _integer, "doubleValue": _double, "double_value": _double,
    "arrayValue": _array, "array_value": _array, "kvlistValue": _map, "kvlist_value": _map,
}  # fmt: skip
