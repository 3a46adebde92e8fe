"""Messages that somebody, or some fault, may put into the queue of alarms, for properties that hold for all of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.incidents.events import CLOUDFORMATION, CODEDEPLOY, ECS, alarm_event

CHANGES: tuple[dict[str, Any], ...] = (ECS, CODEDEPLOY, CLOUDFORMATION)


def nested(levels: int) -> Any:
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found


# By name, so that hypothesis never writes one out.
_LARGE_VALUES: dict[str, Any] = {
    "text": "x" * 100_000,
    "whole number": 10**400,
    "negative number": -(10**4000),
    "deep": nested(40),
    "very deep": nested(600),
    "period in reasonData": '{"period": 1' + "0" * 400 + ', "recentDatapoints": {"a": 1}}',
    "deep reasonData": "[" * 100_000,
}
_LARGE_MESSAGES = {
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000,
    "number": b"9" * 5000,
    "text": b'"' + b"x" * 10_000_000 + b'"',
}
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=8),  # lone surrogates among them
    st.sampled_from(["", " ", "\0", "\ud800", "a\udc00b", "\udfff\ud800", "../../x", "_platform", "acme"]),
)
_TIMES = st.sampled_from(
    [
        "0001-01-01T00:00:00+23:59",
        "1970-01-01T00:00:00Z",
        "1971-01-01T00:00:00Z",
        "2261-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-23:59",
        "2025-06-01",
        "2025-06-01\ud80010:20:30",
        "2025-W22-7",
    ]
)
_NUMBERS = st.sampled_from([0, -1, 1.5, True, float("nan"), float("inf"), 1e308, 2**63])
_VALUES = st.one_of(
    st.none(),
    _TEXTS,
    _TIMES,
    _NUMBERS,
    st.sampled_from([[], {}, [None], {"\udc00": "\ud800"}]),
    st.just('{"period": 1e999, "threshold": NaN, "recentDatapoints": [1e999, null, "\\ud800"]}'),
    st.sampled_from(sorted(_LARGE_VALUES)).map(lambda name: _LARGE_VALUES[name]),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, held in inner for found in [(*path, key), *_places(held, (*path, key))]]


@st.composite
def hostile_events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of an alarm or a change that holds something odd in some places, or beside what is known."""
    kind = draw(st.sampled_from(["alarm", "alarm", "alarm", *range(len(CHANGES))]))
    event = json.loads(json.dumps(alarm_event() if kind == "alarm" else CHANGES[kind]))
    paths = draw(st.lists(st.sampled_from(_places(event)), min_size=1, max_size=3, unique=True))
    for path in sorted(paths, key=len, reverse=True):  # the inner ones first: what was drawn is never written into
        target = event
        for part in path[:-1]:
            target = target[part]
        value = draw(_VALUES)
        if isinstance(target, dict) and draw(st.booleans()):
            target[draw(st.sampled_from(["reasonData", "extra", "\ud800", "\0"]))] = value
        else:
            target[path[-1]] = value
    return event


def hostile_messages() -> st.SearchStrategy[bytes]:
    """Odd events as they may arrive, in any encoding, and what is no document at all."""
    events = hostile_events().map(json.dumps)
    return st.one_of(
        events.map(str.encode),
        events.map(lambda text: text.encode("utf-16")),
        events.map(lambda text: b"\xef\xbb\xbf" + text.encode()),
        events.map(lambda text: text.replace('{"version"', '{"version": 1, "detail": [], "version"').encode()),
        st.binary(max_size=40),
        st.just(b'{"detail-type": "\xed\xa0\x80"}'),
        st.sampled_from(sorted(_LARGE_MESSAGES)).map(lambda name: _LARGE_MESSAGES[name]),
    )
