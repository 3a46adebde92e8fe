"""The text of a template: its constants, and placeholders for its variables.

What all lines agree on is shown as it is. Digits too, where they belong to a word and the samples agree, and the unit
of a quantity: `port <NUM> ssh2` rather than `ssh<NUM>`, `took <NUM> ms` rather than `took <DUR>`. Only people read this
text: ids never depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import re2

from logsight_assets.templates.tokens import NUMBER
from logsight_assets.templates.units import NONE, Row, generalise

FEWEST_SAMPLES = 2  # that must agree before a digit counts as a constant
MOST_SAMPLES = 100

_PLACEHOLDER = re.compile(r"(<[A-Z*][A-Z0-9_:*]*>)")
_DIGITS = "([0-9a-fA-F]+)"
_QUANTITY = "<?[-+]?[0-9][0-9.,]* ([A-Za-z]+)"
_OTHERS = {
    NUMBER: "[-+~#]?[0-9a-fA-F][0-9a-fA-F.,]*%?",
    "<SIZE>": r"[^ ]+(?: [A-Za-z]+(?: \([^)]*\))?)?",
    "<DUR>": "[^ ]+(?: [a-z]+)?",
}


def template_text(samples: Collection[str], rows: Sequence[Row], general: Row) -> str:
    """The text of a template, from samples of its lines, their rows, and the row that stands for all of them."""
    row = generalise(list(dict.fromkeys(rows))) if len({len(row) for row in rows}) == 1 else general
    pieces = [piece for unit in row if unit.lstrip() != NONE for piece in _PLACEHOLDER.split(unit) if piece]
    return "".join(_with_constants(pieces, sorted(set(samples))[:MOST_SAMPLES])).strip()


def _with_constants(pieces: list[str], samples: list[str]) -> list[str]:
    """The pieces, with digits and units that are equal in all samples in place of their placeholders."""
    asked = [index for index in range(len(pieces)) if _may_be_constant(pieces, index)]
    if not asked:
        return pieces
    pattern = re2.compile(r"\s*" + "".join(_pattern(piece, asked=i in asked) for i, piece in enumerate(pieces)))
    found = [match.groups() for sample in samples if (match := pattern.match(sample))]
    shown = list(pieces)
    for index, values in zip(asked, zip(*found, strict=True), strict=False):
        if len(set(values)) > 1 or values[0] is None:
            continue
        if pieces[index] != NUMBER:
            shown[index] = f"{NUMBER} {values[0]}"
        elif len(found) >= FEWEST_SAMPLES:
            shown[index] = values[0]
    return shown


def _may_be_constant(pieces: list[str], index: int) -> bool:
    if pieces[index] in ("<SIZE>", "<DUR>"):
        return True
    before = pieces[index - 1][-1:] if index else ""
    after = pieces[index + 1][:1] if index + 1 < len(pieces) else ""
    return pieces[index] == NUMBER and (before.isalpha() or after.isalpha())


def _pattern(piece: str, *, asked: bool) -> str:
    if not _PLACEHOLDER.fullmatch(piece):
        return r"\s+".join(re2.escape(part) for part in re.split(r"\s+", piece))
    if asked:
        return _DIGITS if piece == NUMBER else f"(?:{_QUANTITY}|{_OTHERS[piece]})"
    return _OTHERS.get(piece, ".*?")
