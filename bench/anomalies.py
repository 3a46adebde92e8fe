"""Which method finds anomalies: the product's, and simpler ones, on made hours of services with known faults.

`python -m bench.anomalies [--weeks N] [--seed S]` prints a line a method: false alarms a service and week, the share
of alarms that were right, and of the faults of each kind that were told of. An alarm is an episode of hours.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from logsight_assets.anomalies import expected
from logsight_assets.anomalies.baseline import OFFSETS
from logsight_assets.anomalies.judge import EarlierHour, Facts, judge
from logsight_assets.anomalies.series import ERROR_RATIO, EVENT_COUNT, FLAGGED, Earlier, Observation, Series
from logsight_assets.timeline import Hour

FIRST = Hour.parse("2025-01-06T00")  # a Monday
KINDS = ("surge", "drop", "silence", "errors")
COUNT, RATIO = Series("s", "", EVENT_COUNT), Series("s", "", ERROR_RATIO)


@dataclass(frozen=True)
class Made:
    """Events and errors of a service by hour, and its faults: first hour, last hour, kind."""

    events: list[int]
    errors: list[int]
    faults: list[tuple[int, int, str]]


def services(seed: int, weeks: int, each: int) -> Iterator[Made]:
    """Services of all sizes: by day and week, noisy, slowly growing; errors come in bursts."""
    for mean in (4, 30, 200, 3000):
        for number in range(each):
            yield _service(random.Random(f"{seed} {mean} {number}"), mean, weeks)


def _service(dice: random.Random, mean: float, weeks: int) -> Made:
    hours, noise = weeks * 168, dice.uniform(0.05, 0.2)
    swing, weekend, base = dice.uniform(0.1, 0.8), dice.uniform(0.3, 1.0), dice.uniform(0.0005, 0.02)
    faults: list[tuple[int, int, str]] = []
    at = 2 * 24
    while (at := at + dice.randint(60, 200)) < hours - 8:
        faults.append((at, at + dice.randint(1, 5), dice.choice(KINDS)))
    kind_of = {hour: kind for first, last, kind in faults for hour in range(first, last + 1)}
    events, errors = [], []
    for hour in range(hours):
        rate = mean * (1 + swing * math.sin(2 * math.pi * (hour % 24 - 9) / 24)) * math.exp(dice.gauss(0, noise))
        rate *= (weekend if hour // 24 % 7 >= 5 else 1.0) * 1.01 ** (hour / 168)
        kind = kind_of.get(hour)
        rate *= {"surge": 3.5, "drop": 0.2, "silence": 0.0}.get(kind or "", 1.0)
        count = _poisson(dice, rate)
        share = min(1.0, base * math.exp(dice.gauss(0, 0.7)) + (0.25 if kind == "errors" else 0.0))
        events.append(count)
        errors.append(
            sum(dice.random() < share for _ in range(count)) if count < 500 else _poisson(dice, count * share)
        )
    return Made(events, errors, faults)


def _poisson(dice: random.Random, rate: float) -> int:
    if rate > 50:
        return max(0, round(dice.gauss(rate, math.sqrt(rate))))
    left, count = math.exp(-rate), 0
    product = dice.random()
    while product > left:
        count += 1
        product *= dice.random()
    return count


# Methods: flags by hour ---------------------------------------------------------------------------------------------

Method = Callable[[Made], list[bool]]


def product(made: Made, threshold: float, offsets: Sequence[int] = OFFSETS) -> list[bool]:
    """The product's own judgement, hour after hour."""
    expected.THRESHOLD, kept = threshold, expected.THRESHOLD
    held: list[EarlierHour] = []
    flags = []
    for number, (events, errors) in enumerate(zip(made.events, made.errors, strict=True)):
        observed = {COUNT: Observation(float(events), events)} if events else {}
        if events:
            observed[RATIO] = Observation(errors / events, events, (), errors)
        earlier = {offset: held[number - offset] for offset in offsets if offset <= number}
        rows = judge(Facts(FIRST + number, True, observed, earlier, ()))
        found = {
            row.series: Earlier(
                row.observed.value, row.observed.size, row.state, row.direction, row.episode_id, row.expected
            )
            for row in rows
        }
        held.append(EarlierHour(found, is_complete=True))
        flags.append(any(row.state in FLAGGED for row in rows))
    expected.THRESHOLD = kept
    return flags


def moving_average(made: Made, threshold: float, weight: float = 0.05) -> list[bool]:
    """Exponentially weighted mean and deviation of counts and of error ratios, flagged hours left out."""
    ratios = [errors / events if events else 0.0 for events, errors in zip(made.events, made.errors, strict=True)]
    flags = [False] * len(ratios)
    for values, least in (([float(n) for n in made.events], 10.0), (ratios, 0.02)):
        mean, variance = values[0], values[0] + least**2
        for number, value in enumerate(values):
            is_far = number >= 24 and abs(value - mean) > max(threshold * math.sqrt(variance), least)
            flags[number] |= is_far
            if not is_far:
                variance = (1 - weight) * (variance + weight * (value - mean) ** 2)
                mean += weight * (value - mean)
    return flags


def plain_threshold(made: Made, factor: float) -> list[bool]:
    """So many times the mean of the last day, or less than that part of it; an error ratio over 5 %."""
    flags = []
    for number, (events, errors) in enumerate(zip(made.events, made.errors, strict=True)):
        day = made.events[max(0, number - 24) : number]
        mean = sum(day) / len(day) if day else 0.0
        is_far = len(day) == 24 and mean >= 10 and not mean / factor <= events <= mean * factor
        flags.append(is_far or (errors >= 5 and errors > 0.05 * events))
    return flags


METHODS: dict[str, Method] = {
    **{f"seasonal, threshold {t:g}": partial(product, threshold=t) for t in (3.5, 4.5, 5.5)},
    "last 24 hours only, threshold 4.5": partial(product, threshold=4.5, offsets=range(1, 25)),
    **{f"moving average, {t:g} deviations": partial(moving_average, threshold=t) for t in (3.0, 5.0)},
    **{f"plain, factor {f:g}": partial(plain_threshold, factor=f) for f in (2.0, 4.0)},
}


@dataclass
class Score:
    """Figures of one method."""

    false_alarms: int = 0
    alarms: int = 0
    weeks: float = 0.0
    found: dict[str, list[bool]] | None = None

    def add(self, made: Made, flags: list[bool]) -> None:
        """Count the episodes of a service, from its third day on; an hour behind a fault still belongs to it."""
        near = {hour for first, last, _ in made.faults for hour in range(first, last + 2)}
        starts = [n for n in range(48, len(flags)) if flags[n] and not flags[n - 1]]
        self.alarms += len(starts)
        self.false_alarms += sum(n not in near for n in starts)
        self.weeks += (len(flags) - 48) / 168
        self.found = self.found if self.found is not None else defaultdict(list)
        for first, last, kind in made.faults:
            self.found[kind].append(any(flags[first : last + 1]))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=3, help="services of each size")
    options = parser.parse_args()
    made = list(services(options.seed, options.weeks, options.each))
    print(f"| method | false alarms a service and week | precision | {' | '.join(KINDS)} |")
    print(f"| --- | --- | --- | {' | '.join('---' for _ in KINDS)} |")
    for name, method in METHODS.items():
        score = Score()
        for each in made:
            score.add(each, method(each))
        shares = (score.found or {}).get
        recall = [f"{sum(held) / len(held):.2f}" if (held := shares(kind)) else "-" for kind in KINDS]
        precision = 1 - score.false_alarms / score.alarms if score.alarms else 0.0
        print(f"| {name} | {score.false_alarms / score.weeks:.2f} | {precision:.2f} | {' | '.join(recall)} |")


if __name__ == "__main__":
    main()
