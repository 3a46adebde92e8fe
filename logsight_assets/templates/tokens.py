"""Tokens: the smallest pieces of a typed mask: placeholders, punctuation, runs without blanks.

    took <DUR> for eth0 (req_0): 0.0%...   →   took| <DUR>| for| eth<NUM>| (|req_<NUM>|)|:| <NUM>|...

A token keeps one blank before it where the line has blanks, so that tokens join back to the line's text.
"""

from __future__ import annotations

import re

ANY = "<*>"
NUMBER = "<NUM>"
QUOTES = frozenset("\"'`")

_TOKEN = re.compile(r"(\s*)(<[A-Z*][A-Z0-9_:*]*>|\.\.+|[:=,;()\[\]{}\"'`<>|!?]|[^\s:=,;()\[\]{}\"'`<>|!?]+)")
_PLAIN_NUMBER = re.compile(r"[-+~#]?0(?:[.,]0)*%?")
_SIGN = re.compile(r"(?<=[_#])-0")  # blk_-0 and blk_0 are one name
_SEPARATORS = re.compile(r"([^A-Za-z0-9\x80-\U0010ffff]+)")
_NAME = re.compile(r"[^\W\d_]+0?|0")
_LETTERS = re.compile(r"[^\W\d_]{2}|^[A-Za-z]0")


def tokens(typed: str) -> list[str]:
    """Tokens of a typed mask; dots that end a run stand alone."""
    found: list[str] = []
    for blanks, run in _TOKEN.findall(typed):
        blank = " " if blanks and found else ""
        if (run[0] == "<" and len(run) > 1) or (len(run) == 1 and not run.isalnum()):
            found.append(blank + run)
            continue
        bare = run.rstrip(".")
        if bare:
            found.append(blank + (_with_numbers(bare) if "0" in bare else bare))
            blank = ""
        if len(bare) < len(run):
            found.append(blank + run[len(bare) :])
    return found


def _with_numbers(run: str) -> str:
    """A run that holds `0`, any number: a number, a path, a name with its numbers open, or an id."""
    if _PLAIN_NUMBER.fullmatch(run):
        return NUMBER
    if run.count("/") >= 2:
        return "<PATH>"
    pieces = _SEPARATORS.split(_SIGN.sub("0", run))
    if not _LETTERS.search(run) or any(len(piece) > 1 and not _NAME.fullmatch(piece) for piece in pieces[::2]):
        return "<ID>"
    # One letter between separators is a kind of number: attempt_0_m_0 and attempt_0_r_0 are one name.
    pieces[::2] = [ANY if len(piece) == 1 and piece != "0" else piece.replace("0", NUMBER) for piece in pieces[::2]]
    return "".join(pieces)
