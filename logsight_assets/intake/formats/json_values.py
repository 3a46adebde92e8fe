"""JSON texts to values: fast where a text is strict JSON, forgiving where only a writer's habit is in the way.

orjson reads first. What it refuses is read again with these allowances, each of which keeps all that was written:
NaN and Infinity (and numbers too large for a double) become their text, integers beyond 64 bits become their text
(no column and no later JSON writer takes them), lone surrogates and invalid UTF-8 become U+FFFD. The last of duplicate
keys wins in both readers. Nesting is bounded by `max_depth` without recursion of our own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from logsight_assets.intake.formats.encoding import without_surrogates

_BIG_FLOAT = 9.2e18  # near 2**63: orjson turns a larger integer into a float that has lost its last digits


class NotJson(ValueError):
    """The text is no JSON."""


class TooDeep(ValueError):
    """JSON nested deeper than allowed."""


class Document(NamedTuple):
    """One of several JSON documents in a text: its value and where its bytes are."""

    value: Any
    start: int
    end: int


def _bounded_int(digits: str) -> int | str:
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else digits


def _finite_float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


_DECODER = json.JSONDecoder(parse_int=_bounded_int, parse_float=_finite_float, parse_constant=str)


def load(raw: bytes, max_depth: int) -> Any:
    """The value of one JSON text; NotJson or TooDeep otherwise."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = _load_forgiving(raw)
    else:
        if type(value) is dict and any(type(v) is float and not -_BIG_FLOAT < v < _BIG_FLOAT for v in value.values()):
            value = _load_forgiving(raw)
    if raw.count(b"{") + raw.count(b"[") > max_depth:  # only then can it be too deep, and only then it is walked
        check_depth(value, max_depth)
    return value


def _load_forgiving(raw: bytes) -> Any:
    text = raw.decode("utf-8", "surrogateescape").strip(" \t\r\n")
    value, end = _raw_decode(text, 0)
    if end != len(text):
        raise NotJson
    return _clean(value)


def _raw_decode(text: str, position: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except RecursionError:
        raise TooDeep from None
    except ValueError:
        raise NotJson from None


def check_depth(value: Any, max_depth: int) -> None:
    """Raise TooDeep when `value` is nested deeper than `max_depth`; walks level by level, never by recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > max_depth + 1:
            raise TooDeep
        level = [child for node in level for child in _children(node)]


def _children(node: Any) -> Any:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _clean(value: Any) -> Any:
    """Replace what no UTF-8 writer takes (bytes escaped by the decoder, lone surrogates), level by level."""
    if isinstance(value, str):
        return _clean_text(value)
    level = [value]
    while level:
        following: list[Any] = []
        for node in level:
            items = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if _is_list(node) else []
            for key, child in items:
                if isinstance(key, str) and not key.isascii():
                    del node[key]
                    key = _clean_text(key)
                if isinstance(child, str) and not child.isascii():
                    child = _clean_text(child)
                node[key] = child
                if isinstance(child, (dict, list)):
                    following.append(child)
        level = following
    return value


def _is_list(node: Any) -> bool:
    return isinstance(node, list)


def _clean_text(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return without_surrogates(text)
    return text


def documents(raw: bytes, max_depth: int) -> tuple[list[Document], int]:
    """The JSON documents that follow one another in `raw`, and where reading stopped.

    Stops at the end (blanks skipped) or before the first thing that is no JSON document. Raises TooDeep, since where a
    too deep document ends is unknown.
    """
    text = raw.decode("utf-8", "surrogateescape")
    ascii_only = len(text) == len(raw)
    found: list[Document] = []
    position, byte_position = _skip_blanks(text, 0), 0
    byte_position = position  # blanks are one byte each
    while position < len(text):
        if text[position] not in "{[":
            break
        try:
            value, end = _raw_decode(text, position)
        except NotJson:
            break
        length = end - position if ascii_only else len(text[position:end].encode("utf-8", "surrogateescape"))
        check_depth(value, max_depth)
        found.append(Document(_clean(value), byte_position, byte_position + length))
        position = _skip_blanks(text, end)
        byte_position += length + position - end
    return found, byte_position


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n\x1e":  # \x1e: RFC 7464 text sequences
        position += 1
    return position


def dumps(value: Any) -> str:
    """Compact JSON text of a value that came out of `load`."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode("utf-8")
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def objects_of(values: list[Any]) -> Iterator[dict[str, Any]]:
    """Only the objects among `values`."""
    return (value for value in values if isinstance(value, dict))
