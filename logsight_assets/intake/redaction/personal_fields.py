"""Names, user names, addresses, places and birth dates, known by the name of their field alone: weak evidence."""

from __future__ import annotations

from collections.abc import Iterator

from logsight_assets.intake.redaction.canonical import canonical
from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import compile_bytes
from logsight_assets.intake.redaction.field_names import NAME_REST, PERSONAL_NAME
from logsight_assets.intake.redaction.fields import Hint, hint_of
from logsight_assets.intake.redaction.policy import Kind
from logsight_assets.intake.redaction.secret_values import is_placeholder, value_span

KIND_OF: dict[Hint, Kind] = {
    Hint.NAME: Kind.NAME,
    Hint.USERNAME: Kind.USERNAME,
    Hint.ADDRESS: Kind.ADDRESS,
    Hint.LOCATION: Kind.LOCATION,
    Hint.BIRTH_DATE: Kind.BIRTH_DATE,
}
_FIELD = compile_bytes(
    rf"(?i)([0-9A-Za-z_.\-]*(?:{PERSONAL_NAME})[0-9A-Za-z_.\-]*)[\"'\\\]]{{0,6}}[ \t]{{0,3}}[=:][ \t]{{0,3}}"
)
_GATE = rf"(?i:(?:{PERSONAL_NAME}){NAME_REST}[\"'\\\]]*(?:\s|\\[nrt])*[=:])"


def _fields(text: bytes) -> Iterator[Found]:
    for match in _FIELD.finditer(text):
        kind = KIND_OF.get(hint_of(text[slice(*match[1])].decode("latin-1")))
        if kind is None:
            continue
        start, end, _ = value_span(text, match[0][1])
        value = text[start:end]
        if not is_placeholder(value):
            yield Found(start, end, kind, canonical(kind, value.decode("utf-8", "replace")))


DETECTORS = (Detector("personal_field", ("other",), _GATE, _fields),)
