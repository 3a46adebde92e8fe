from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from logsight_assets.sample.delivery import SampleObject
from logsight_assets.sample.shop import Shop
from logsight_assets.sample.spec import ShopSpec
from logsight_assets.sample.truth import Truth

from .recount import Seen, recount

END = datetime(2025, 6, 4, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Delivered:
    """A shop's objects, its truth, and what a second reader found in the objects."""

    spec: ShopSpec
    objects: list[SampleObject]
    truth: Truth
    seen: Seen


@pytest.fixture(scope="session")
def delivered() -> Delivered:
    """Eight hours with more trouble than usual, so that each kind of it occurs."""
    spec = ShopSpec(
        end=END, hours=8, duplicate_share=0.01, late_share=0.05, bad_share=0.005, foreign_tenant_share=0.004
    )
    shop = Shop(spec)
    objects = list(shop)
    return Delivered(spec, objects, shop.truth, recount(objects, spec.tenants))
