"""Private keys in PEM and PuTTY form vanish whole, also when the line feeds are printed or the text was cut."""

from __future__ import annotations

from collections.abc import Iterator

from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import compile_bytes
from logsight_assets.intake.redaction.policy import Kind

_GATE = r"PRIVATE KEY|PuTTY-User-Key-File|Private-Lines:"
_BEGIN = compile_bytes(
    r"-{4,5} ?BEGIN[ 0-9A-Z]{0,40}PRIVATE KEY(?: BLOCK)? ?-{0,5}|PuTTY-User-Key-File-[0-9]: ?|Private-Lines: ?[0-9]+"
)
_END = compile_bytes(r"-{4,5} ?END[ 0-9A-Z]{0,40}PRIVATE KEY(?: BLOCK)? ?-{0,5}|Private-(?:MAC|Hash): ?[0-9a-f]+")
# Key material without an end: lines of Base64 (a short last one), headers of an encrypted key, and what separates
# them, among it printed line feeds and the quotes and commas of a list of lines.
_BREAK = r"(?:\s|\\+[nrt]|[\"',+\\])"
_MATERIAL = compile_bytes(
    rf"(?:{_BREAK}*(?:(?:Proc-Type|DEK-Info|Version|Comment|Encryption|Public-Lines|Private-Lines|Key-Derivation"
    rf"|Argon2-[A-Za-z]+): ?[^\n\\]{{0,200}}"
    rf"|[0-9A-Za-z+/=]{{16,}}))*(?:{_BREAK}*[0-9A-Za-z+/]{{1,64}}={{1,2}})?"
)
# The same before an end whose beginning was cut away.
_TAIL = compile_bytes(rf"(?:[0-9A-Za-z+/=]{{16,}}{_BREAK}+)*(?:[0-9A-Za-z+/=]+{_BREAK}+)$")


def _private_keys(text: bytes) -> Iterator[Found]:
    position = 0
    ends = [(match[0]) for match in _END.finditer(text)]
    index = 0
    for match in _BEGIN.finditer(text):
        if match[0][0] < position:
            continue
        while index < len(ends) and ends[index][0] < match[0][1]:
            index += 1
        if index < len(ends):
            position = ends[index][1]
        else:
            material = _MATERIAL.match(text, match[0][1])
            position = material[0][1] if material else match[0][1]
        yield Found(match[0][0], position, Kind.SECRET, "")
    yield from _headless(text, ends)


def _headless(text: bytes, ends: list[tuple[int, int]]) -> Iterator[Found]:
    """Base64 before the first end, where the text begins inside a key."""
    if not ends or _BEGIN.search(text[: ends[0][0]]):
        return
    start, end = ends[0]
    tail = _TAIL.search(text[max(0, start - 8192) : start])
    if tail:
        yield Found(max(0, start - 8192) + tail[0][0], end, Kind.SECRET, "")


DETECTORS = (Detector("private_key", (), _GATE, _private_keys),)
