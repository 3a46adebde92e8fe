"""How a window of the lake is published: compute, put only over the version that was read, look again.

Truth is "wanted hash ≠ published hash". The versions of the objects are read *before* the inputs are listed: a writer
that listed fewer inputs than another then always fails its conditional put, so a slow or killed writer can never leave
an older state over a newer one. The second listing is the next turn of the same loop: it ends only when what is
published was made from what is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from logsight_assets.errors import ObjectMissing, PublishConflict
from logsight_assets.parquet import INPUTS, VERSION, read_facts
from logsight_assets.trends.remembered import Remembered
from logsight_assets.versions import TRENDS_VERSION
from resources.object_store import ObjectStore

# Each turn is lost only to a writer that published meanwhile, or to inputs that still arrive.
_TURNS = 12


@dataclass(frozen=True)
class Held:
    """What is published under a key: its version and facts, or nothing."""

    version: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> str | None:
        return self.facts.get(INPUTS)

    @property
    def is_stale(self) -> bool:
        """Made by an older version of the rows' definition."""
        return self.version is not None and int(self.facts.get(VERSION, "0")) < TRENDS_VERSION


@dataclass(frozen=True)
class Inputs:
    """What a window is made from: name → content hash. Frozen: what is published stays, whatever the inputs."""

    parts: Mapping[str, str]
    is_frozen: bool = False

    @property
    def fingerprint(self) -> str | None:
        """Hash over sorted names and content hashes; None when there is nothing to publish."""
        if not self.parts:
            return None
        lines = "\n".join(f"{name} {content}" for name, content in sorted(self.parts.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


Holding = Mapping[str, Held]


@dataclass(frozen=True)
class Published:
    """What publishing did to a window, and what it holds now."""

    holding: Holding
    put: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        return bool(self.put or self.removed)

    @property
    def untouched(self) -> list[str]:
        """Keys that were up to date."""
        return [key for key, held in self.holding.items() if held.version is not None and key not in self.put]

    @property
    def is_present(self) -> bool:
        return any(held.version is not None for held in self.holding.values())

    @property
    def is_stale(self) -> bool:
        return any(held.is_stale for held in self.holding.values())


@dataclass(frozen=True)
class Totals:
    """Several windows together: what was put and removed, and sums of what their objects' footers count."""

    published: list[str]
    removed: list[str]
    counts: dict[str, int]

    @classmethod
    def of(cls, done: Iterable[Published], facts: Mapping[str, str]) -> Totals:
        """`facts` names the fact of a footer for each count; one that a footer lacks is 0."""
        windows = list(done)
        held = [each.facts for window in windows for each in window.holding.values() if each.version is not None]
        return cls(
            [key for window in windows for key in window.put],
            [key for window in windows for key in window.removed],
            {name: sum(int(each.get(fact, "0")) for each in held) for name, fact in facts.items()},
        )


@dataclass(frozen=True)
class Window:
    """The objects of a window, how to list what they are made from, and how to make them."""

    name: str  # for messages
    keys: Sequence[str]
    survey: Callable[[Holding], Inputs]
    make: Callable[[Inputs, Holding], Mapping[str, bytes]]


def _facts(store: ObjectStore, key: str) -> Mapping[str, str]:
    facts = read_facts(store, key)
    if facts is None:
        raise ObjectMissing(f"object {key} was listed and is gone")
    return facts


# Footers, so that a day does not read its 24 hours again for each hour that closes.
facts_of = Remembered(_facts, 16_384)


def hold(store: ObjectStore, keys: Sequence[str]) -> Holding:
    """What is published under these keys; a version is read before its facts, so a newer one fails the put."""
    return {key: _held(store, key) for key in keys}


def _held(store: ObjectStore, key: str) -> Held:
    entry = store.head(key)
    return Held(entry.version, facts_of(store, entry)) if entry else Held()


def is_current(store: ObjectStore, window: Window) -> bool:
    """Whether something is published and was made from what is there now."""
    try:
        holding = hold(store, window.keys)
        wanted = window.survey(holding).fingerprint
    except ObjectMissing:
        return False
    return wanted is not None and all(held.inputs == wanted for held in holding.values())


def publish(store: ObjectStore, window: Window, announce: Callable[[], None], *, replay: bool = False) -> Published:
    """Bring a window up to date. `announce` runs before the first change: a kill after it must leave a trace.

    `replay` computes again though the inputs are unchanged. Raises PublishConflict when others keep being faster; what
    `make` raises is raised only if its inputs are still there.
    """
    work = _Work(store, window, announce, replay)
    for _ in range(_TURNS):
        try:
            holding = hold(store, window.keys)
            inputs = window.survey(holding)
        except ObjectMissing:  # listed, then gone: list again
            continue
        if work.is_done(holding, inputs):
            return Published(holding, tuple(sorted(work.put)), tuple(sorted(work.removed)))
        if inputs.fingerprint is None:
            work.remove(holding)
        else:
            work.replace(holding, inputs)
    raise PublishConflict(f"{window.name}: inputs changed or others published {_TURNS} times in a row; run it again")


@dataclass
class _Work:
    """One call of `publish`: what it has done so far."""

    store: ObjectStore
    window: Window
    announce: Callable[[], None]
    again: bool  # compute even what is up to date
    put: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def is_done(self, holding: Holding, inputs: Inputs) -> bool:
        return inputs.is_frozen or (
            not self.again and all(held.inputs == inputs.fingerprint for held in holding.values())
        )

    def remove(self, holding: Holding) -> None:
        present = [key for key, held in holding.items() if held.version is not None]
        if present:
            self.announce()
        for key in present:
            self.store.delete(key)
        self.removed.update(present)
        self.put.difference_update(present)
        self.again = False

    def replace(self, holding: Holding, inputs: Inputs) -> None:
        objects = self._made(inputs, holding)
        if objects is None:
            return
        self.announce()
        for key, held in holding.items():
            if held.inputs == inputs.fingerprint and not self.again:
                continue
            if not self.store.put_if(key, objects[key], held.version):
                return
            self.put.add(key)
            self.removed.discard(key)
        self.again = False

    def _made(self, inputs: Inputs, holding: Holding) -> Mapping[str, bytes] | None:
        """The window's objects; None when an input went while it was read."""
        try:
            return self.window.make(inputs, holding)
        except Exception:
            # Engines say in their own ways that a file is gone; whether it is, the listing says.
            try:
                if self.window.survey(holding).fingerprint != inputs.fingerprint:
                    return None
            except ObjectMissing:
                return None
            raise
