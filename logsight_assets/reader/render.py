"""Rows for people: a table for a terminal, CSV for spreadsheets, JSON for programs.

Log text is written by strangers: nothing of it may move a cursor, turn the reading direction, hide, or be a formula.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from typing import Any

from logsight_assets.reader.ask import Answer
from logsight_assets.visible import visible

MAX_CELL = 60  # columns of a terminal

# What a spreadsheet takes for a formula, also in full width and behind blanks.
_FORMULA = re.compile(r"\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def as_table(answer: Answer, max_cell: int = MAX_CELL) -> str:
    """Aligned columns; long cells end in `…`, numbers stand right."""
    if not answer.columns:
        return "no columns\n"
    cells = [[_cell(row[name], max_cell) for name in answer.columns] for row in answer.rows]
    heads = [_shortened(visible(name), max_cell) for name in answer.columns]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    numeric = [
        bool(answer.rows) and all(isinstance(row[name], int | float | None) for row in answer.rows)
        for name in answer.columns
    ]
    lines = [_line(heads, widths, numeric), "  ".join("─" * width for width in widths)]
    lines += [_line(row, widths, numeric) for row in cells]
    count = f"{len(answer.rows):,} row" + ("" if len(answer.rows) == 1 else "s")
    more = "; there are more: narrow the question or raise reader.max_rows" if answer.truncated else ""
    return "\n".join([*lines, f"({count}{more})"]) + "\n"


def _line(cells: list[str], widths: list[int], numeric: list[bool]) -> str:
    padded = []
    for cell, width, is_number in zip(cells, widths, numeric, strict=True):
        blank = " " * (width - _width(cell))
        padded.append(blank + cell if is_number else cell + blank)
    return "  ".join(padded).rstrip()


def _cell(value: Any, most: int) -> str:
    return _shortened(visible(_text(value)), most)


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _shortened(text: str, most: int) -> str:
    if _width(text) <= most:
        return text
    taken, width = [], 1
    for character in text:
        width += _width(character)
        if width > most:
            break
        taken.append(character)
    return "".join(taken) + "…"


def _width(text: str) -> int:
    """Columns that a terminal gives a text: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def as_csv(answer: Answer) -> str:
    """RFC 4180 with a header; text that begins like a formula gets a `'` in front, NULL is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_inert(name) for name in answer.columns])
    for row in answer.rows:
        writer.writerow([_csv_cell(row[name]) for name in answer.columns])
    return text.getvalue()


def _csv_cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return _inert(_text(value))


def _inert(text: str) -> str:
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        text = "'" + text
    return visible(text, keep="\n\t")
