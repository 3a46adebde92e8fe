"""RFC 5424 structured data: `[id name="value" …][id …]` before the message, with escapes inside values."""

from __future__ import annotations

from logsight_assets.intake.formats.encoding import text_of

StructuredData = dict[str, dict[str, str]]


def structured_data(raw: bytes) -> tuple[StructuredData, bytes]:
    """The elements and the message after them. What is no well-formed element is left in the message."""
    if raw[:1] != b"[":
        return {}, raw[2:] if raw[:2] == b"- " else b"" if raw == b"-" else raw
    data: StructuredData = {}
    position = 0
    while raw[position : position + 1] == b"[":
        end = _element_end(raw, position)
        if end is None:
            break
        name, parameters = _element(raw[position + 1 : end])
        data.setdefault(name, {}).update(parameters)
        position = end + 1
    rest = raw[position:]
    return data, rest[1:] if rest[:1] == b" " else rest


def _element_end(raw: bytes, start: int) -> int | None:
    """Where the `]` of an element stands, outside quotes and not escaped."""
    position, is_quoted = start + 1, False
    while position < len(raw):
        byte = raw[position]
        if byte == 92:  # backslash
            position += 1
        elif byte == 34:
            is_quoted = not is_quoted
        elif byte == 93 and not is_quoted:
            return position
        position += 1
    return None


def _element(raw: bytes) -> tuple[str, dict[str, str]]:
    name, _, rest = raw.partition(b" ")
    parameters: dict[str, str] = {}
    position = 0
    while True:
        opening = rest.find(b'"', position)
        if opening < 0:
            break
        key = rest[position:opening].strip(b" =")
        closing = opening + 1
        while closing < len(rest) and rest[closing] != 34:
            closing += 2 if rest[closing] == 92 else 1
        value = rest[opening + 1 : closing]
        if b"\\" in value:
            value = value.replace(b"\\]", b"]").replace(b'\\"', b'"').replace(b"\\\\", b"\\")
        parameters[text_of(key)] = text_of(value)
        position = closing + 1
    return text_of(name), parameters
