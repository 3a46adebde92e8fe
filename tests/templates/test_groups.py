"""Which ids templates get, keep and lose: the promises of a registry, as a pure function over patterns."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.templates.groups import OTHER_PATTERN, regroup, template_id_of
from logsight_assets.templates.pins import Pin
from logsight_assets.templates.registry import Pattern, Registry

from .grouping import by_first_word

Lines = Mapping[int, tuple[str, int]]  # pattern id → line, event time
SERVICE = "shop"


def patterns(lines: Lines) -> dict[int, Pattern]:
    return {pattern_id: Pattern(line, line, line, time) for pattern_id, (line, time) in lines.items()}


def grown(*steps: Lines, pins: Iterable[Pin] = ()) -> Registry:
    """The registry after these lines came one step after the other."""
    registry, known = Registry(SERVICE), dict[int, Pattern]()
    for step in steps:
        known |= patterns(step)
        registry = regroup(registry, known, list(pins), by_first_word)
    return registry


def groups(registry: Registry) -> set[frozenset[int]]:
    ids = set(registry.homes.values())
    return {frozenset(p for p, home in registry.homes.items() if home == template_id) for template_id in ids}


def test_an_id_is_made_of_the_earliest_member_by_event_time_then_pattern() -> None:
    registry = grown({7: ("a x", 20), 9: ("a y", 10), 8: ("a z", 10), 5: ("b x", 1)})
    assert registry.homes == {
        **dict.fromkeys((7, 8, 9), template_id_of(SERVICE, 8)),
        5: template_id_of(SERVICE, 5),
    }
    assert {t.text for t in registry.templates.values()} == {"a <*>", "b <*>"}


def test_ids_of_two_services_differ() -> None:
    assert template_id_of("shop", 8) != template_id_of("cart", 8)


def test_an_earlier_member_that_comes_later_does_not_change_the_id() -> None:
    registry = grown({7: ("a x", 20)}, {8: ("a y", 10)})
    assert set(registry.homes.values()) == {template_id_of(SERVICE, 7)}


def test_a_merge_keeps_the_older_id_and_leaves_an_alias() -> None:
    registry = grown({7: ("a x", 20), 8: ("b x", 10)}, {9: ("a=b x", 30)})
    older, younger = template_id_of(SERVICE, 8), template_id_of(SERVICE, 7)
    assert registry.homes == dict.fromkeys((7, 8, 9), older)
    assert registry.aliases == {younger: older}
    assert set(registry.templates) == {older}


def test_aliases_lead_to_the_template_that_is_there_after_many_merges() -> None:
    first = {7: ("c x", 30), 8: ("b x", 20), 9: ("a x", 10)}
    registry = grown(first, {10: ("b=c x", 40)}, {11: ("a=b x", 50)})
    oldest = template_id_of(SERVICE, 9)
    assert registry.aliases == dict.fromkeys((template_id_of(SERVICE, 7), template_id_of(SERVICE, 8)), oldest)


def test_members_keep_their_id_when_the_miner_splits_them() -> None:
    def one_each(lines: object) -> object:
        found = by_first_word(lines)  # type: ignore[arg-type]
        return [replace(c, members=(m,), template=f"{c.template} {m}") for c in found for m in c.members]

    lines = {7: ("a x", 10), 8: ("a y", 20)}
    registry = grown(lines)
    again = regroup(registry, patterns({**lines, 9: ("b x", 5)}), [], one_each)  # type: ignore[arg-type]
    assert {again.homes[7], again.homes[8]} == {template_id_of(SERVICE, 7)}
    assert again.homes[9] == template_id_of(SERVICE, 9)
    assert again.templates[template_id_of(SERVICE, 7)].text == "a <*> 0", "its founder's cluster speaks for it"


def test_a_text_that_changes_is_a_new_version_of_the_template() -> None:
    registry = grown({7: ("b x", 10)}, {8: ("b y", 20)})
    template_id = template_id_of(SERVICE, 7)
    assert registry.templates[template_id].version == 1
    merged = regroup(registry, patterns({7: ("b x", 10), 8: ("b y", 20), 9: ("a=b x", 30)}), [], by_first_word)
    assert (merged.templates[template_id].text, merged.templates[template_id].version) == ("a <*>", 2)


def test_what_the_cap_joined_is_never_mined_and_has_a_template_of_its_own() -> None:
    registry = grown({OTHER_PATTERN: ("_other", 1), 7: ("_other x", 2)})
    assert registry.templates[registry.homes[OTHER_PATTERN]].text == "_other"
    assert registry.homes[OTHER_PATTERN] != registry.homes[7]


def test_older_rules_do_not_bind_the_groups_and_an_id_stays_with_its_founder() -> None:
    old = replace(grown({7: ("a x", 10), 8: ("a=b y", 20), 9: ("b z", 30)}), rules=0)
    lines = patterns({7: ("a x", 10), 8: ("c y", 20), 9: ("b z", 30)})
    registry = regroup(old, lines, [], by_first_word)
    assert registry.homes[7] == template_id_of(SERVICE, 7)
    assert groups(registry) == {frozenset({7}), frozenset({8}), frozenset({9})}


# Any order ------------------------------------------------------------------------------------------------------------

_words = st.sampled_from("abcd")
_lines = st.dictionaries(
    st.integers(1, 40),
    st.tuples(
        st.builds(lambda one, other: one if one == other else f"{one}={other}", _words, _words), st.integers(0, 9)
    ),
    min_size=1,
    max_size=20,
)


@given(_lines, st.integers(0, 3), st.randoms(use_true_random=False))
def test_whatever_comes_first_the_groups_are_those_of_all_lines_at_once(
    found: dict[int, tuple[str, int]], cuts: int, chance: random.Random
) -> None:
    order = sorted(found)
    chance.shuffle(order)
    borders = sorted(chance.randrange(len(order) + 1) for _ in range(cuts))
    steps = [order[a:b] for a, b in zip([0, *borders], [*borders, len(order)], strict=True)]
    stepwise = grown(*({pattern_id: found[pattern_id] for pattern_id in step} for step in steps))
    at_once = grown(found)
    assert groups(stepwise) == groups(at_once)
    assert stepwise.homes.keys() == found.keys(), "no pattern is lost"
    assert not stepwise.aliases.keys() & stepwise.templates.keys()
    assert set(stepwise.aliases.values()) <= stepwise.templates.keys()


@given(_lines)
def test_in_the_order_of_time_the_ids_are_those_of_all_lines_at_once(found: dict[int, tuple[str, int]]) -> None:
    order = sorted(found, key=lambda pattern_id: (found[pattern_id][1], pattern_id))
    assert grown(*({pattern_id: found[pattern_id]} for pattern_id in order)).homes == grown(found).homes


# Pins -----------------------------------------------------------------------------------------------------------------


def test_a_pin_keeps_its_patterns_apart_from_what_would_merge_them() -> None:
    pin = Pin("pinned", "a <*>", frozenset({7}))
    registry = grown({7: ("a x", 10), 8: ("b x", 5)}, {9: ("a=b x", 30)}, pins=[pin])
    assert registry.homes[7] == "pinned"
    assert registry.templates["pinned"].text == "a <*>"
    assert registry.homes[8] == registry.homes[9] == template_id_of(SERVICE, 8)


def test_a_new_pattern_that_fits_the_pinned_text_belongs_to_the_pin() -> None:
    pin = Pin("pinned", "a <*>", frozenset({7}))
    registry = grown({7: ("a x", 10)}, {8: ("a y", 5), 9: ("b y", 5)}, pins=[pin])
    assert {p for p, home in registry.homes.items() if home == "pinned"} == {7, 8}


@pytest.mark.parametrize("steps", [1, 2])
def test_mined_anew_a_pin_finds_its_patterns_again(steps: int) -> None:
    lines: list[Lines] = [{7: ("a x", 10), 8: ("b x", 5)}, {9: ("a=b x", 30)}]
    pin = Pin("pinned", "a x", frozenset({7}))
    whole = {key: value for step in lines for key, value in step.items()}
    assert groups(grown(*(lines if steps == 2 else [whole]), pins=[pin])) == {frozenset({7}), frozenset({8, 9})}


def test_without_its_pin_a_template_merges_again() -> None:
    lines = {7: ("a x", 10), 8: ("b x", 5), 9: ("a=b x", 30)}
    pinned = grown(lines, pins=[Pin("pinned", "a x", frozenset({7}))])
    registry = regroup(pinned, patterns(lines), [], by_first_word)
    assert set(registry.homes.values()) == {template_id_of(SERVICE, 8)}
    assert registry.aliases["pinned"] == template_id_of(SERVICE, 8)


def test_a_template_that_lost_all_patterns_to_a_pin_is_its_alias() -> None:
    lines = {7: ("a x", 10), 8: ("b x", 20)}
    free = grown(lines)
    registry = regroup(free, patterns(lines), [Pin("pinned", "<*> x", frozenset({7}))], by_first_word)
    assert set(registry.homes.values()) == {"pinned"}
    assert registry.aliases == dict.fromkeys(free.templates, "pinned")


def test_a_founder_that_a_pin_took_does_not_give_its_id_twice() -> None:
    lines = {7: ("a x", 10), 8: ("a y", 20)}
    pin = Pin(template_id_of(SERVICE, 7), "a y", frozenset({8}))
    registry = grown(lines, pins=[pin])
    assert registry.homes[8] == pin.template_id
    assert registry.homes[7] not in ("", pin.template_id)
