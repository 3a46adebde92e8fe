"""A miner whose rule a test can see: lines of one first word are one template, and a line that says `a=b` joins two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from logsight_assets.templates.mine import Cluster, MaskedLine


def by_first_word(lines: Sequence[MaskedLine]) -> list[Cluster]:
    """`a …` is of group a; `a=b …` makes one group of a and b, so more lines only ever merge."""
    leader: dict[str, str] = {}

    def find(word: str) -> str:
        while leader.setdefault(word, word) != word:
            word = leader[word]
        return word

    for line in lines:
        first, *others = map(find, line.mask.split(" ")[0].split("="))
        for other in others:
            low, high = sorted((find(first), other))
            leader[high] = low
    groups: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        groups[find(line.mask.split(" ")[0].split("=")[0])].append(index)
    return [Cluster(tuple(members), f"{word} <*>") for word, members in groups.items()]
