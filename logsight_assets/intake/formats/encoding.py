"""From bytes to text: byte order marks, colour codes, invalid bytes.

Text formats decode as UTF-8 with U+FFFD for what is none. A UTF-16 or UTF-32 object is recognised by its mark and is
transcoded by the unpacking step as a stream, before lines are cut: its LF is two bytes and cannot be split on.
"""

from __future__ import annotations

from logsight_assets.intake.formats.patterns import Pattern

# UTF-32-LE first: its mark begins with the one of UTF-16-LE.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_COLOUR = Pattern(r"\x1b\[[0-9;:?]*[A-Za-z]")


def bom_encoding(head: bytes) -> str | None:
    """The codec named by a byte order mark at the start of an object, else None.

    The names are Python's codecs that read the mark themselves (`utf-16`, `utf-32`, `utf-8-sig`), so that a streaming
    decoder fed from the first byte drops the mark.
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    return None


def text_of(raw: bytes) -> str:
    """UTF-8 text; bad bytes become U+FFFD."""
    return raw.decode("utf-8", "replace")


def without_colours(raw: bytes) -> bytes:
    """`raw` without terminal control sequences (colours, cursor movement); most lines have none and are returned."""
    if b"\x1b[" not in raw:
        return raw
    return _COLOUR.replaced(raw, b"")


def without_surrogates(text: str) -> str:
    """`text` with lone surrogates, which no UTF-8 writer takes, as U+FFFD; pairs become the character they mean."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
