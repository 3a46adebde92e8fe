"""What changed, in at most five lines: the same numbers always give the same lines.

Each kind of change has one line, which leads with its strongest case and names the next ones. What is missing is said
first: no data is not no errors. A change counts if it holds against every baseline, so that a Monday is no surprise
after a Sunday, and if it is beyond chance, so that few events do not shout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import log10

from logsight_assets.lake import PLATFORM
from logsight_assets.reports.measured import Change, Measured
from logsight_assets.reports.novelties import Novelty
from logsight_assets.reports.numbers import Compared, Numbers
from logsight_assets.reports.wording import LONGEST_NAME, count, cut, duration, listed, many, share, spans

MOST = 5
_BEYOND_CHANCE = 4.0  # standard deviations
_LEAST_ERRORS = 20  # more than the ratio of then would give
_LEAST_EVENTS = 200
_LEAST_DURATIONS = 100
_LONGER = 1.5
_LEAST_LONGER_NS = 1_000_000
_LEAST_NEW = 20  # lines of a new template without errors
_LEAST_IN_HOUR = 20  # events of the hour that is compared with
_LATE = 0.2
_QUARANTINED = 0.001
_MOST_NAMED = 5


@dataclass(frozen=True)
class Headline:
    """One line; `quote` is text of a template, at its end, as it came: show both escaped."""

    kind: str
    weight: float
    text: str
    quote: str = ""


def headlines(numbers: Numbers) -> list[Headline]:
    """At most five, the heaviest first."""
    found = [line for make in _MAKERS if (line := make(numbers))]
    return sorted(found, key=lambda line: (-line.weight, line.kind))[:MOST]


# What is missing ------------------------------------------------------------------------------------------------------


def _missing(numbers: Numbers) -> Headline | None:
    quality, total = numbers.quality, len(numbers.hours)
    with_day = numbers.period.kind == "weekly"
    parts = [*_tenants_without_data(numbers)]
    if quality.missing:
        known = total - len(quality.missing)
        if not known:
            return Headline("missing", 10_000, f"No data: nothing is known of any of the {total} hours.")
        told = spans(quality.missing, with_day=with_day)
        rest = many(known, "hour")
        parts.append(
            f"{len(quality.missing)} of {total} hours have no data ({told}); what follows is about the other {rest}."
        )
    if quality.unsettled:
        told = spans(quality.unsettled, with_day=with_day)
        parts.append(
            f"{many(len(quality.unsettled), 'hour')} may still grow ({told}): more is expected or not yet read."
        )
    return Headline("missing", 10_000, " ".join(parts)) if parts else None


def _tenants_without_data(numbers: Numbers) -> Iterator[str]:
    """On the platform's page: an hour counts as missing there only if no tenant has it."""
    if numbers.tenant == PLATFORM:
        without = [tenant for tenant, hours in numbers.quality.sources.items() if hours.absent == hours.total > 0]
        if without:
            yield f"No data at all of {listed(without, _MOST_NAMED)}."


def _incomparable(numbers: Numbers) -> Headline | None:
    if numbers.total.changes or len(numbers.quality.missing) == len(numbers.hours):
        return None
    others = [period.short for period in numbers.period.baselines.values()]
    return Headline("incomparable", 9_000, f"Nothing to compare with: no data of the same hours of {listed(others)}.")


# What moved -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Moved:
    """A part whose change holds against every baseline; `change` is against the first of them."""

    name: str
    part: Compared
    change: Change
    size: float


def _moved(numbers: Numbers, size: Callable[[Change], float]) -> list[_Moved]:
    """Parts that moved against every baseline, the most first; a size of 0 is no move."""
    found = []
    for service, part in numbers.parts.items():
        sizes = [size(change) for change in part.changes.values()]
        if sizes and all(sizes):
            found.append(
                _Moved(cut(numbers.names[service], LONGEST_NAME), part, next(iter(part.changes.values())), min(sizes))
            )
    return sorted(found, key=lambda moved: (-moved.size, moved.name))


def _silent(numbers: Numbers) -> Headline | None:
    stopped = _moved(
        numbers, lambda c: float(c.then.events) if not c.now.events and c.then.events >= _LEAST_EVENTS else 0.0
    )
    # What came in hours that have no counterpart has not fallen silent.
    found = [moved for moved in stopped if not moved.part.whole.events]
    if not found:
        return None
    first = found[0]
    text = f"{first.name} fell silent: no event, {count(first.change.then.events)} {_then(numbers, first.change)}"
    return Headline("silent", 700 + _weight(first.size), text + _also(found))


def _appeared(numbers: Numbers) -> Headline | None:
    """A part that no baseline has: its errors have nothing to rise from, so they are said here."""

    def size(change: Change) -> float:
        is_much = change.now.events >= _LEAST_EVENTS or change.now.errors >= _LEAST_ERRORS
        return float(change.now.events) if not change.then.events and is_much else 0.0

    found = sorted(_moved(numbers, size), key=lambda moved: -moved.change.now.errors)
    if not found:
        return None
    first = found[0]
    now = first.change.now
    errors = _with_errors(now.errors, now.events, share(now.error_ratio))
    text = f"{first.name} appeared: {many(now.events, 'event')}{errors}, none {_then(numbers, first.change)}"
    weight = 600 + _weight(now.errors) if now.errors >= _LEAST_ERRORS else 340 + _weight(now.events)
    return Headline("appeared", weight, text + _also(found, lambda moved: count(moved.change.now.events)))


def _no_event(numbers: Numbers) -> Headline | None:
    """Hours without any event in which there used to be some, though all that was sent is in."""
    unsettled = set(numbers.quality.unsettled)
    found = [
        each.hour
        for each in numbers.hours
        if each.is_known and not each.events and (each.before or 0) >= _LEAST_IN_HOUR and each.hour not in unsettled
    ]
    if not found or not numbers.total.whole.events:
        return None
    told = spans(found, with_day=numbers.period.kind == "weekly")
    return Headline(
        "no-event", 690, f"No event at all in {many(len(found), 'hour')} ({told}), though the data is complete."
    )


def _more_errors(change: Change) -> float:
    is_real = change.error_strength >= _BEYOND_CHANCE and change.more_errors >= _LEAST_ERRORS
    return change.more_errors if is_real else 0.0


def _fewer_errors(change: Change) -> float:
    is_real = change.error_strength <= -_BEYOND_CHANCE and change.more_errors <= -_LEAST_ERRORS
    return -change.more_errors if is_real else 0.0


def _errors_up(numbers: Numbers) -> Headline | None:
    found = _moved(numbers, _more_errors)
    return Headline("errors-up", 600 + _weight(found[0].size), _errors_text(numbers, found, "rose")) if found else None


def _errors_down(numbers: Numbers) -> Headline | None:
    found = _moved(numbers, _fewer_errors)
    return (
        Headline("errors-down", 200 + _weight(found[0].size), _errors_text(numbers, found, "fell")) if found else None
    )


def _peak(numbers: Numbers) -> Headline | None:
    """The hour with the most errors beyond those of all other hours: an outage of one hour is little of a day."""
    total = Measured(sum(each.events for each in numbers.hours), sum(each.errors for each in numbers.hours))
    found = []
    for each in numbers.hours:
        others = Measured(total.events - each.events, total.errors - each.errors)
        more = _more_errors(Change(Measured(each.events, each.errors), others, 1))
        found.append((more, -each.hour.index, each, others))
    more, _, hour, others = max(found, default=(0.0, 0, None, Measured()), key=lambda held: held[:2])
    if hour is None or not more:
        return None
    moment = f"{hour.hour.start:%H:00}" if numbers.period.kind == "daily" else f"{hour.hour.start:%A, %H:00}"
    text = (
        f"Errors peaked at {moment}: {share(hour.errors / hour.events)} ({count(hour.errors)} of {count(hour.events)} "
        f"events), {share(others.error_ratio)} in all other hours."
    )
    return Headline("peak", 540 + _weight(more) / 2, text)


def _errors_text(numbers: Numbers, found: list[_Moved], verb: str) -> str:
    first = found[0]
    now, then = first.change.now, first.change.then
    text = (
        f"{first.name}: errors {verb} to {share(now.error_ratio)} ({count(now.errors)} of {count(now.events)} events) "
        f"from {share(then.error_ratio)} {_then(numbers, first.change)}"
    )
    return text + _also(found, lambda moved: share(moved.change.now.error_ratio))


def _longer(change: Change) -> float:
    now, then = change.now, change.then
    if min(now.duration_count, then.duration_count) < _LEAST_DURATIONS:
        return 0.0
    factor = change.duration_factor("p95") or 0.0
    longer_ns = (now.duration_ns("p95") or 0) - (then.duration_ns("p95") or 0)
    return factor if factor >= _LONGER and longer_ns >= _LEAST_LONGER_NS else 0.0


def _slower(numbers: Numbers) -> Headline | None:
    found = _moved(numbers, _longer)
    if not found:
        return None
    first = found[0]
    now, then = first.change.now, first.change.then
    text = (
        f"{first.name} is slower: 95 % took up to {duration(now.duration_ns('p95'))}, "
        f"{duration(then.duration_ns('p95'))} {_then(numbers, first.change)}"
    )
    weight = 450 + min(100.0, 20 * first.size) + _weight(first.change.now.duration_count) / 4
    return Headline("slower", weight, text + _also(found, lambda moved: duration(moved.change.now.duration_ns("p95"))))


def _volume(change: Change) -> float:
    most = max(change.now.events, change.then.events)
    if most < _LEAST_EVENTS or not change.now.events or abs(change.volume_strength) < _BEYOND_CHANCE:
        return 0.0
    return abs(change.now.events - change.then.events)


def _volume_moved(numbers: Numbers) -> Headline | None:
    # Up against one baseline and down against the other is neither.
    found = [
        moved
        for moved in _moved(numbers, _volume)
        if len({change.now.events > change.then.events for change in moved.part.changes.values()}) == 1
    ]
    if not found:
        return None
    first = found[0]
    now, then = first.change.now.events, first.change.then.events
    text = f"{first.name}: {count(now)} events, {count(then)} {_then(numbers, first.change)}"
    return Headline(
        "volume", 300 + _weight(first.size), text + _also(found, lambda moved: count(moved.change.now.events))
    )


def _then(numbers: Numbers, change: Change) -> str:
    """Which hours the other number is of."""
    other = "the day before" if numbers.period.kind == "daily" else "the week before"
    return other if change.hours == len(numbers.hours) else f"in the same {many(change.hours, 'hour')} of {other}"


def _with_errors(errors: int, events: int, told: str) -> str:
    if not errors:
        return ""
    return ", all errors" if errors == events else f", {told} of them errors"


def _also(found: list[_Moved], figure: Callable[[_Moved], str] = lambda _: "") -> str:
    """The next ones, and the full stop."""
    names = [f"{moved.name} ({figure(moved)})" if figure(moved) else moved.name for moved in found[1:]]
    return f"; also {listed(names)}." if names else "."


# Templates ------------------------------------------------------------------------------------------------------------


def _new(numbers: Numbers) -> Headline | None:
    found = numbers.novelties.new
    if not any(each.now.errors or each.now.events >= _LEAST_NEW for each in found):
        return _new_on_platform(numbers)
    first = found[0]
    errors = _with_errors(first.now.errors, first.now.events, count(first.now.errors))
    text = f"{_one_of(found, 'new')} in {_place(first)} ({many(first.now.events, 'line')}{errors})"
    return Headline("new", (550 if first.now.errors else 350) + _weight(first.now.events), f"{text}:", said(first))


def _new_on_platform(numbers: Numbers) -> Headline | None:
    found = {tenant: counts.new for tenant, counts in numbers.novelty_counts.items() if counts.new}
    if not found:
        return None
    named = [f"{tenant} ({count(new)})" for tenant, new in sorted(found.items(), key=lambda each: (-each[1], each[0]))]
    return Headline("new", 350, f"New templates: {listed(named, _MOST_NAMED)}.")


def _surging(numbers: Numbers) -> Headline | None:
    if not numbers.novelties.surging:
        return None
    first = numbers.novelties.surging[0]
    now, then = next(iter(first.compared.values()))
    text = f"{_one_of(numbers.novelties.surging, 'surging')} in {_place(first)} ({count(now)} after {count(then)}):"
    return Headline("surging", 400 + _weight(now - then), text, said(first))


def _gone(numbers: Numbers) -> Headline | None:
    found = numbers.novelties.gone
    if not any(min(then for _, then in each.compared.values()) >= _LEAST_NEW for each in found):
        return None
    first = found[0]
    _, then = next(iter(first.compared.values()))
    text = f"{_one_of(found, 'that stopped')} in {_place(first)} (none after {count(then)}):"
    return Headline("gone", 320 + _weight(then), text, said(first))


def _one_of(found: Iterable[Novelty], what: str) -> str:
    held = list(found)
    word = f"template {what}" if what.startswith("that") else f"{what} template"
    return f"A {word}" if len(held) == 1 else f"{len(held)} {word.replace('template', 'templates')}, the most"


def _place(novelty: Novelty) -> str:
    return cut(novelty.kind.service, LONGEST_NAME)


def said(novelty: Novelty) -> str:
    """A template's name, where a person gave one, and its text."""
    label = novelty.label
    return f"{label.name}: {label.text}" if label.name else label.text


# Quality, and what stayed ---------------------------------------------------------------------------------------------


def _trouble(numbers: Numbers) -> Headline | None:
    quality, parts = numbers.quality, []
    if quality.id_conflicts:
        parts.append(f"{many(quality.id_conflicts, 'event id')} stand for two contents")
    if quality.received.quarantined > _QUARANTINED * quality.received.lines:
        parts.append(
            f"{count(quality.received.quarantined)} of {count(quality.received.lines)} lines are in quarantine"
        )
    if quality.late > _LATE * quality.stored:
        parts.append(f"{share(quality.late / quality.stored)} of the events came late")
    text = "; ".join(parts)
    return Headline("quality", 420, f"{text[0].upper()}{text[1:]}.") if parts else None


def _calm(numbers: Numbers) -> Headline | None:
    """Volume and errors on the whole: the last line of a day on which much happened, the first of a calm one."""
    whole = numbers.total.whole
    if len(numbers.quality.missing) == len(numbers.hours):
        return None
    text = f"In all {many(whole.events, 'event')}"
    if change := next(iter(numbers.total.changes.values()), None):
        text = f"In all {many(change.now.events, 'event')}, {count(change.then.events)} {_then(numbers, change)}"
        if change.now.events != whole.events:
            text = f"{text} ({count(whole.events)} in all hours)"
    return Headline("total", 50, f"{text}; {share(whole.error_ratio) if whole.errors else 'none'} of them errors.")


def _settled(numbers: Numbers) -> Headline | None:
    if numbers.quality.missing or numbers.quality.unsettled:
        return None
    return Headline("complete", 10, f"The data is complete: all {len(numbers.hours)} hours of every source.")


def _weight(size: float) -> float:
    """0 to 100 by the order of magnitude."""
    return min(100.0, 20 * log10(1 + size))


_MAKERS = (
    _missing,
    _incomparable,
    _silent,
    _appeared,
    _no_event,
    _errors_up,
    _peak,
    _new,
    _slower,
    _trouble,
    _surging,
    _gone,
    _volume_moved,
    _errors_down,
    _calm,
    _settled,
)
