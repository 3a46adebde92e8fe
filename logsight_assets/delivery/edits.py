"""Which fields of a ticket are still ours to write: those that are as the system showed them after our last writing.

Compared is what the system shows, not what was sent: it may order, trim or wrap a text its own way. Texts are compared
by hash and without their white space, so that nothing of them is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

_SENT = ".sent"  # the field as it was sent last, beside what was shown then


@dataclass(frozen=True)
class Edits:
    """What to do with the fields of a ticket."""

    write: tuple[str, ...]  # names of fields to write
    left: tuple[str, ...]  # names of fields that people have changed


def edits(now: Mapping[str, str], wanted: Mapping[str, str], wrote: Mapping[str, str]) -> Edits:
    """Compare texts by field: what the ticket shows, what it is to show, and what is known of our last writing.

    A field of which nothing is known, on a ticket that was looked at before, was none of ours to write by then: who set
    it, nobody can tell, so it is theirs.
    """
    write, left = [], []
    for name, text in wanted.items():
        shown, sent = _hash(now[name]), _hash(text)
        is_known = name in wrote or name + _SENT in wrote or not _was_looked_at(now, wrote)
        is_theirs = (not is_known or wrote.get(name, shown) != shown) and shown != sent
        if is_theirs:
            left.append(name)
        elif sent not in (shown, wrote.get(name + _SENT)):
            write.append(name)
    return Edits(tuple(write), tuple(left))


def as_sent(wanted: Mapping[str, str]) -> dict[str, str]:
    """What is known of a ticket that was just made, before it was read."""
    return {name + _SENT: _hash(text) for name, text in wanted.items()}


def written(
    after: Mapping[str, str], wanted: Mapping[str, str], wrote: Mapping[str, str], done: Edits
) -> dict[str, str]:
    """What is to be known of this writing; of a field that people have changed it stays what it was.

    A field that is shown and not written yet is known as it was when the ticket was looked at first: what people make
    of it is theirs, too.
    """
    seen = {} if _was_looked_at(after, wrote) else {name: _hash(text) for name, text in after.items()}
    known = seen | dict(wrote)
    for name in wanted:
        if name not in done.left:
            known |= {name: _hash(after[name]), name + _SENT: _hash(wanted[name])}
    return known


def _was_looked_at(shown: Mapping[str, str], wrote: Mapping[str, str]) -> bool:
    """Whether a ticket was read behind a writing of ours; one that was just made was not."""
    return any(name in wrote for name in shown)


def _hash(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]
