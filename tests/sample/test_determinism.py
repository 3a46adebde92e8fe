"""The same spec gives the same bytes: also in another process, with another hash seed."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logsight_assets.sample.delivery import SampleObject
from logsight_assets.sample.dice import Dice, Weighted
from logsight_assets.sample.shop import generate
from logsight_assets.sample.spec import ShopSpec

ROOT = Path(__file__).parents[2]
SPEC = ShopSpec(seed=3, end=datetime(2025, 6, 4, 15, tzinfo=UTC), hours=4, events_per_hour=300)
# Of the unpacked text, which no build of zlib changes. A change of it changes what the demo and other tests see.
GOLDEN = "91fd1e0c8fd604811f54976248f47d3d114de445f8ce12f1819919629a6ce0fc"

PROGRAM = """
from datetime import UTC, datetime
import hashlib
from logsight_assets.sample.shop import generate
from logsight_assets.sample.spec import ShopSpec
found = hashlib.sha256()
for key, data in generate(ShopSpec(seed=3, end=datetime(2025, 6, 4, 15, tzinfo=UTC), hours=4, events_per_hour=300)):
    found.update(key.encode() + data)
print(found.hexdigest())
"""


def digest(objects: Iterable[SampleObject]) -> str:
    found = hashlib.sha256()
    for key, data in objects:
        found.update(key.encode() + data)
    return found.hexdigest()


def test_the_same_spec_gives_the_same_bytes() -> None:
    assert digest(generate(SPEC)) == digest(generate(replace(SPEC)))


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_another_process_gives_the_same_bytes(hash_seed: str) -> None:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "TZ": "Pacific/Auckland"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest(generate(SPEC))


def test_the_text_is_the_one_on_record() -> None:
    found = hashlib.sha256()
    for key, data in generate(SPEC):
        found.update(key.encode() + gzip.decompress(data))
    assert found.hexdigest() == GOLDEN


def test_another_seed_gives_other_bytes() -> None:
    assert digest(generate(SPEC)) != digest(generate(replace(SPEC, seed=4)))


def test_objects_hold_no_time_of_their_making() -> None:
    assert {data[:10] for _, data in generate(SPEC)} == {b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"}


def test_dice_stay_within_bounds() -> None:
    dice = Dice(1, "bounds")
    assert {dice.between(2, 4) for _ in range(200)} == {2, 3, 4}
    assert {dice.below(3) for _ in range(200)} == {0, 1, 2}
    assert {dice.pick("ab") for _ in range(50)} == {"a", "b"}
    assert {len(dice.hexadecimal(9)) for _ in range(50)} == {9}
    assert not any(dice.chance(0) for _ in range(50))
    assert sorted(dice.latency_us(1000) for _ in range(2001))[1000] == pytest.approx(1000, rel=0.15)


def test_weights_are_kept() -> None:
    weighted, dice = Weighted(("often", 9), ("seldom", 1)), Dice(1, "weights")
    drawn = [weighted.draw(dice) for _ in range(2000)]
    assert 0.06 < drawn.count("seldom") / 2000 < 0.14


def test_streams_of_other_labels_are_independent() -> None:
    assert Dice(1, "a", 2).bits(64) != Dice(1, "a", 3).bits(64) != Dice(2, "a", 3).bits(64)
    assert Dice(1, "a", 2).bits(64) == Dice(1, "a", 2).bits(64)
