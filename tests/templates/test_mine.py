"""The miner as a pure function: which lines are one template, its text, and what must hold for any lines."""

from __future__ import annotations

import random
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.templates import absorb as absorbing
from logsight_assets.templates import fold as folding
from logsight_assets.templates import mine as mining
from logsight_assets.templates.evidence import Judge
from logsight_assets.templates.mine import MaskedLine, mine
from logsight_assets.templates.rows import MOST_UNITS, row_of
from logsight_assets.templates.slots import around
from logsight_assets.templates.typed_masks import typed
from tests.templates.mining import groups, masked, masks_of, templates

NAMES = ("amber", "birch", "cedar", "dune", "ember", "fern", "grove", "heath")
ERRORS = ("connection reset by peer", "no space left", "permission denied", "[Errno 5] Input error", "read timed out")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["took 5 ms", "took 7 ms"], ["took <NUM> ms"], id="numbers, and the unit that all agree on"),
        pytest.param(["up 5 ms", "up 7 s"], ["up <DUR>"], id="quantities of different units"),
        pytest.param(["cupsd startup succeeded", "hcid startup succeeded"], None, id="two first words stay apart"),
        pytest.param(["state on", "state off"], None, id="two words may be an enumeration"),
        pytest.param(["sent 5 bytes", "sent 7 bytes"], ["sent <NUM> bytes"], id="sizes of one unit"),
        pytest.param(["0 bytes sent", "2048 bytes (2 KB) sent"], ["<SIZE> sent"], id="sizes of two forms"),
        pytest.param(["ws=null, on", "ws=Source{1 app}, on"], ["ws=<*>, on"], id="an object after an equals sign"),
        pytest.param(["of=A{x=1}, b=c (d e)", "of=A{x=2}, b=f (d e)"], ["of=A{x=<NUM>}, b=<*> (d e)"], id="no text"),
        pytest.param([f"user {n} logged in" for n in NAMES[:2]], ["user <*> logged in"], id="two names after `user`"),
        pytest.param(["GET /a/b", "DELETE /a/b"], ["DELETE <PATH>", "GET <PATH>"], id="verbs are no values"),
        pytest.param([f"sent by {n} now" for n in NAMES], ["sent by <*> now"], id="six plain words are a variable"),
        pytest.param(["a=1 b=x", "a=2 b=y"], ["a=<NUM> b=<*>"], id="two values after an equals sign"),
        pytest.param(["key= end", "key=x end"], ["key=<*> end"], id="an empty value is a value"),
        pytest.param(["port 22 ssh2", "port 99 ssh2"], ["port <NUM> ssh2"], id="a digit that all samples agree on"),
        pytest.param(["got [1, 2]", "got [3, 4, 5]"], ["got [<NUM>]"], id="a list of numbers"),
        pytest.param(["got ['a']", "got {}", "got {'k': [1]}"], ["got <LIST>"], id="lists and objects"),
        pytest.param(["named 'a b' ok", "named 'c' ok", "named 'd e f' ok"], ["named '<*>' ok"], id="quoted texts"),
        pytest.param(["can't open it", "can't open it"], ["can't open it"], id="an apostrophe is no quote"),
        pytest.param(
            [f"open of index failed: {error}" for error in ERRORS],
            ["open of index failed: <*>"],
            id="texts of several words after a cause",
        ),
        pytest.param(
            [
                "ciod: Error loading it, no space",
                "ciod: Error mapping file: timed out",
                "ciod: Error reading peer: reset",
            ],
            None,
            id="what only `Error` announces may be another message",
        ),
        pytest.param(
            [f"error removing /tmp/{n}: {error}" for n, error in zip(NAMES, ERRORS, strict=False)],
            ["error removing <PATH>: <*>"],
            id="a line that tells of a failure, and its cause after a colon",
        ),
        pytest.param([""], [""], id="an empty line"),
    ],
)
def test_lines_become_templates(lines: list[str], expected: list[str] | None) -> None:
    assert templates(lines) == (sorted(lines) if expected is None else expected)


def test_a_word_that_is_a_value_elsewhere_tells_a_value_where_few_are_seen() -> None:
    elsewhere = [f"{verb} queue {name} {end}" for verb, end in (("open", "now"), ("close", "then")) for name in NAMES]
    alone = ["moved amber under birch", "moved cedar under dune"]
    assert len(templates(alone)) == 2
    assert "moved <*> under <*>" in templates(elsewhere + alone)


def test_a_text_that_is_a_value_elsewhere_is_a_value_where_it_stands_once() -> None:
    elsewhere = [f"open of index failed: {error}" for error in ERRORS]
    alone = ["gave up on disk, permission denied, for good", "gave up on disk, read timed out, for good"]
    assert len(templates(alone)) == 2
    assert "gave up on disk, <*>, for good" in templates(elsewhere + alone)


@pytest.mark.parametrize(
    ("line", "units"),
    [
        pytest.param("a: b=c,d=e", ["a", ":", " b", "=", "c", ",", "d", "=", "e"], id="keys and values"),
        pytest.param("at host:80 http://a:1/b", ["at", " host:<NUM>", " <URL>"], id="ports and addresses stay whole"),
        pytest.param("f(x, y)", ["f", "(", "x", ",", " y", ")"], id="a call"),
        pytest.param("why=a b c, d", ["why", "=", "a b c", ",", " d"], id="a value of several words"),
        pytest.param("req_0 a0b0c attempt_0_m_0", ["req_<NUM>", " <ID>", " attempt_<NUM>_<*>_<NUM>"], id="names, ids"),
        pytest.param('x "a b" \'it\' "', ["x", ' "a b"', " 'it'", ' "'], id="quotes"),
    ],
)
def test_a_line_is_cut_into_units(line: str, units: list[str]) -> None:
    assert list(row_of(typed(line.replace("80", "0").replace(":1", ":0")))) == units


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("at 0-0-0T0:0:0.0Z ok", "at <TS> ok"),
        ("Mon Jun 0 0:0:0 0", "<TS>"),
        ("from 0.0.0.0:0 to 0.0.0.0", "from <IP> to <IP>"),
        ("via p-0.shop.example.org:0, a.b:0", "via <HOST>, a.b:0"),
        ("0-0-0-0-0", "<UUID>"),
        ("mail a.b@c.org", "mail <EMAIL>"),
        ("GET /a/b?c=d HTTP/0.0", "GET <PATH>"),
        ("see http://a.b/c.", "see <URL>."),
        ("0x0 and deadbeef, true, None", "0x0 and deadbeef, true, None".replace("0x0", "<HEX>").replace(
            "deadbeef", "<HEX>").replace("true", "<BOOL>").replace("None", "<NULL>")),
        ("0 KB in 0.0 ms", "<SIZE> in <DUR>"),
        ("shipment=s-0 bytes=0 ms=0", "shipment=s-0 bytes=0 ms=0"),
        ("- [0/Nov/0:0:0:0 +0] ok", "- [<TS>] ok"),
    ],
)  # fmt: skip
def test_numbers_and_texts_get_types(mask: str, expected: str) -> None:
    assert typed(mask) == expected


WORDS = st.sampled_from(
    [*NAMES, "error:", "failed", "'a b'", "(", ")", "[", "]", "=", "k=v", "<NUM>", "<*>", "0", "x-0", "{'a': 0}"]
)
LINES = st.lists(st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=12), max_size=40)


@settings(max_examples=150, deadline=None)
@given(LINES, st.randoms(use_true_random=False))
def test_every_line_is_in_one_cluster_and_order_changes_nothing(lines: list[str], chance: random.Random) -> None:
    rows = masked(lines)
    clusters = mine(rows)
    assert sorted(index for cluster in clusters for index in cluster.members) == list(range(len(rows)))
    shuffled = list(rows)
    chance.shuffle(shuffled)
    again = {(masks_of(cluster, shuffled), cluster.template) for cluster in mine(shuffled)}
    assert {(masks_of(cluster, rows), cluster.template) for cluster in clusters} == again


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_a_line_has_the_words_of_its_template_in_their_order(lines: list[str]) -> None:
    rows = masked(line.replace("<", "").replace(">", "") for line in lines)
    for cluster in mine(rows):
        constants = [word for word in cluster.template.split() if word in NAMES]
        for index in cluster.members:
            rest = iter(rows[index].mask.split())
            assert all(word in rest for word in constants), (cluster.template, rows[index].mask)


def _traffic(seed: int, count: int) -> list[str]:
    """Lines of a made service: a dozen kinds of line, some often and some seldom, with names, numbers and errors."""
    chance = random.Random(seed)
    kinds = (
        "user {n} logged in from 10.0.0.{i}",
        "request {i} to {n} took {i} ms",
        "queue {n} has {i} messages",
        "could not open {n}: {e}",
        "retry {i} of job {n}-{i}",
        "cache {n}-{i} evicted {i} entries in {i} s",
        "worker started",
        "worker stopped",
        "config reloaded from /etc/{n}/{n}.yaml",
        "task {n} failed: {e}",
        "peer {n}:{i} joined group '{n}'",
        "checkpoint id={i} state={n} size={i}KB",
    )
    weights = [1 / (rank + 1) for rank in range(len(kinds))]
    return [
        kind.format(n=chance.choice(NAMES), i=chance.randint(1, 9999), e=chance.choice(ERRORS))
        for kind in chance.choices(kinds, weights, k=count)
    ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_growth_splits_no_template_and_moves_hardly_a_line(seed: int, share: float) -> None:
    lines = _traffic(seed, 2000)
    rows = masked(lines)
    before = groups(masked(lines[: int(len(lines) * share)]))
    after = {mask: number for number, group in enumerate(groups(rows)) for mask in group}
    assert all(len({after[mask] for mask in group}) == 1 for group in before)
    counts = Counter(row for line in lines[: int(len(lines) * share)] for row in [masked([line])[0].mask])
    heirs: dict[int, list[int]] = {}
    for group in before:
        heirs.setdefault(after[next(iter(group))], []).append(sum(counts[mask] for mask in group))
    moved = sum(sum(sizes) - max(sizes) for sizes in heirs.values())
    assert moved <= 0.002 * len(lines)


def test_rows_with_exchanged_units_have_other_hashes_of_what_is_around_a_place() -> None:
    rows = [(*row, " fixed") for row in permutations(f" {name}" for name in NAMES[:6])]
    assert len({around(row)[-1] for row in rows}) == len(rows)


class TestBounds:
    """Work is bounded by what is counted here; time on other lines follows from it."""

    def test_a_crowd_of_rows_of_one_length_is_folded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folding, "MOST_ROWS", 50)
        chance = random.Random(1)
        rows = [tuple(chance.choice("abcdefghij") * 3 for _ in range(6)) for _ in range(400)]
        moves = folding.fold(rows)
        assert len({moves[row] for row in rows}) <= 50
        assert all(len(moves[row]) == 6 for row in rows)

    def test_few_rows_are_left_alone(self) -> None:
        assert folding.fold([("a", " b"), ("a", " c")]) == {}

    def test_a_long_line_has_a_bounded_row(self) -> None:
        for line in ("word " * 900, "[" * 2000, "'" * 2000, "k= " * 900, "a: " * 900, "{'a': " * 500):
            assert len(row_of(typed(line))) <= MOST_UNITS + 1

    def test_absorbing_looks_at_a_bounded_number_of_shapes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        looked: list[object] = []
        monkeypatch.setattr(absorbing, "_absorb", lambda _rows, shape, _judge, _unions: looked.append(shape))
        chance = random.Random(2)
        rows = {tuple(" <*>" if chance.random() < 0.5 else " constant" for _ in range(12)) for _ in range(500)}
        absorbing.absorb(sorted(rows), Judge())
        assert len(looked) <= absorbing.MOST_SHAPES

    def test_passes_repeat_a_bounded_number_of_times(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[int] = []
        real = mining.one_slot
        monkeypatch.setattr(mining, "one_slot", lambda rows, judge: calls.append(len(rows)) or real(rows, judge))
        chance = random.Random(3)
        lines = [" ".join(chance.choice(NAMES) for _ in range(7)) for _ in range(300)]
        mine([MaskedLine(line, line, line) for line in dict.fromkeys(lines)])
        assert len(calls) <= 2 * (3 + mining.MOST_ROUNDS) * mining.MOST_ROUNDS
