"""Nomination over joined texts: nothing that redaction would change is missed, wherever it stands among others."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.intake.redact import RedactionPolicy, Redactor
from logsight_assets.intake.redaction.nomination import Nominated, Nomination
from tests.intake.test_redaction_properties import CHUNKS, KEYS, POLICIES, TEXTS, VALUES

NO_EMAIL = RedactionPolicy(email=False)
ALL = (*POLICIES, NO_EMAIL)
REDACTORS = tuple(Redactor(policy, KEYS, "acme") for policy in ALL)
NOMINATIONS = tuple(Nomination(policy) for policy in ALL)
NAMES = ["default", "everything", "no_email"]
# What is left of a text when only addresses are looked for: many addresses, and what may be glued to one.
ADDRESSES = st.lists(
    st.sampled_from(
        (
            *("jo@example.org", "a.b+c@x.co", "j%40e.org", "ünï@exämple.de", "x@y", "pkg.C@1b2c3d4.m", "git@a.org"),
            *("@", ".", "-", "+", "%", "&#64;", "\\n", "<", ">", "(", ",", "; ", " ", " ", " ", "\n"),
            *("1", "5551234", "curl -u ", "login ", " password ", "phone ", "Bearer ", "name", "key", "<SECRET>"),
        )
    ),
    max_size=9,
).map("".join)


def _lines(texts: list[str]) -> pa.StringArray:
    return pa.array([text + "\n" for text in texts], pa.string())


def _encodes(texts: list[str]) -> bool:
    return not any("\ud800" <= char <= "\udfff" for text in texts for char in text)


@pytest.mark.parametrize("index", range(len(ALL)), ids=NAMES)
@given(texts=st.lists(st.one_of(TEXTS, CHUNKS, ADDRESSES), max_size=8).filter(_encodes))
@settings(max_examples=200, deadline=None)
def test_redacting_what_is_nominated_is_redacting_everything(index: int, texts: list[str]) -> None:
    redactor, nominated = REDACTORS[index], NOMINATIONS[index].of(_lines(texts))
    short = list(texts)
    for row in nominated.mixed:
        short[row] = redactor.text(texts[row])
    for row in nominated.addresses:
        short[row] = redactor.addresses(texts[row])
    assert short == [redactor.text(text) for text in texts]


@pytest.mark.parametrize("value", VALUES)
def test_a_text_is_nominated_alike_whatever_its_neighbours_end_and_begin_with(value: str) -> None:
    nomination = NOMINATIONS[1]
    alone = nomination.of(_lines([value]))
    for neighbour in ("", "a", "4", "_", "\\", "password=", "\n"):
        among = nomination.of(_lines([neighbour, value, neighbour]))
        for row_alone, rows in ((alone.mixed, among.mixed), (alone.addresses, among.addresses)):
            assert not row_alone or 1 in rows


@pytest.mark.parametrize(
    ("texts", "mixed", "addresses"),
    [
        pytest.param([], [], [], id="no texts"),
        pytest.param(["", "", ""], [], [], id="empty texts"),
        pytest.param(["plain words", "a@b.org"], [], [1], id="an address"),
        pytest.param(["a@b.org", "password=hunter2 a@b.org"], [1], [0], id="an address beside a secret"),
        pytest.param(["jo%40example.org"], [0], [], id="an encoded sign"),
        pytest.param(["a", "AKIAIOSFODNN7EXAMPLE", "b"], [1], [], id="a key at the edges of its text"),
    ],
)
def test_nomination_tells_addresses_from_what_may_hold_anything(
    texts: list[str], mixed: list[int], addresses: list[int]
) -> None:
    assert NOMINATIONS[0].of(_lines(texts)) == Nominated(mixed, addresses)


def test_a_slice_of_an_array_is_nominated_by_its_own_rows() -> None:
    lines = _lines(["a@b.org", "plain", "password=hunter2", "c@d.org", "plain"])
    assert NOMINATIONS[0].of(lines.slice(1, 3)) == Nominated([1], [2])
    assert NOMINATIONS[0].of(lines.slice(4)) == Nominated([], [])
