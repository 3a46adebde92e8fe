"""Which fields of a ticket are ours to write: a table of cases over the pure functions."""

from __future__ import annotations

import pytest

from logsight_assets.delivery.edits import Edits, as_sent, edits, written

FIELD = "summary"


def known(shown: str, sent: str) -> dict[str, str]:
    """What is known after a writing that the system showed its own way."""
    return written({FIELD: shown}, {FIELD: sent}, {}, Edits((), ()))


@pytest.mark.parametrize(
    ("now", "wanted", "wrote", "write", "left"),
    [
        ("a", "a", {}, False, False),
        ("a", "b", {}, True, False),  # found after an answer was lost
        ("A", "a", as_sent({FIELD: "a"}), False, False),  # just made, and shown its own way
        ("a", "a", known("a", "a"), False, False),
        ("a", "b", known("a", "a"), True, False),
        ("A", "a", known("A", "a"), False, False),
        ("A", "b", known("A", "a"), True, False),
        ("mine", "a", known("a", "a"), False, True),
        ("mine", "b", known("a", "a"), False, True),
        ("b", "b", known("a", "a"), False, False),  # written before, and the answer was lost
        (" a\r\n x", "a x", known("a x", "a x"), False, False),
    ],
)
def test_a_field_is_written_as_long_as_nobody_else_has(
    now: str, wanted: str, wrote: dict[str, str], write: bool, left: bool
) -> None:
    assert edits({FIELD: now}, {FIELD: wanted}, wrote) == Edits((FIELD,) if write else (), (FIELD,) if left else ())


def test_a_field_that_people_have_changed_is_theirs_from_then_on() -> None:
    wrote = known("a", "a")
    done = edits({FIELD: "mine"}, {FIELD: "b"}, wrote)
    wrote = written({FIELD: "mine"}, {FIELD: "b"}, wrote, done)
    assert edits({FIELD: "mine"}, {FIELD: "c"}, wrote).left == (FIELD,)


def test_a_field_that_people_set_before_we_ever_wrote_it_is_theirs() -> None:
    wrote = written({FIELD: "a", "priority": "Medium"}, {FIELD: "a"}, {}, Edits((), ()))
    now, wanted = {FIELD: "a", "priority": "Low"}, {FIELD: "a", "priority": "Highest"}
    assert edits(now, wanted, wrote) == Edits((), ("priority",))
    assert edits({**now, "priority": "Medium"}, wanted, wrote) == Edits(("priority",), ())


def test_a_field_that_was_none_of_ours_when_the_ticket_was_looked_at_is_theirs_from_then_on() -> None:
    wrote, wanted = known("a", "a"), {FIELD: "b", "priority": "High"}
    done = edits({FIELD: "a", "priority": "Low"}, wanted, wrote)
    assert done == Edits((FIELD,), ("priority",))
    now = {FIELD: "b", "priority": "Low"}
    wrote = written(now, wanted, wrote, done)
    assert edits(now, wanted, wrote) == Edits((), ("priority",))
    assert edits(now, {**wanted, "priority": "Highest"}, wrote) == Edits((), ("priority",))


def test_a_field_that_nobody_wanted_when_the_ticket_was_made_is_written_when_somebody_does() -> None:
    now = {FIELD: "a", "priority": "Medium"}
    wrote = written(now, {FIELD: "a"}, as_sent({FIELD: "a"}), Edits((), ()))
    assert edits(now, {FIELD: "a", "priority": "Highest"}, wrote) == Edits(("priority",), ())
