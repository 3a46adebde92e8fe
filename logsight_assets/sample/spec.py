"""What a shop's logs shall be like: size, window and shares of trouble."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from logsight_assets.errors import UsageError
from logsight_assets.timeline import HOUR_NS

NS = 1_000_000_000
MINUTE_NS = 60 * NS

# The fault begins in the last hour but one, so that its first hour can be complete, and there is a before.
HOURS_WITH_FAULT = 3

_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_SHARES = ("late_share", "duplicate_share", "bad_share", "pii_share", "foreign_tenant_share")


def last_full_hour(now: datetime | None = None) -> datetime:
    """The end (exclusive) of the last full hour before `now`, or before the clock's time when none is given."""
    return (now or datetime.now(UTC)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class ShopSpec:
    """The same spec gives the same bytes. UsageError names the field that cannot be."""

    seed: int = 20
    end: datetime = field(default_factory=last_full_hour)  # exclusive end of generated time, a full hour in UTC
    hours: int = 26
    events_per_hour: int = 4000  # mean over a week and all tenants; hour and weekday move it
    tenants: tuple[str, ...] = ("acme", "globex", "initech")
    fault: bool = True
    objects_per_hour: int = 2  # of the mixed sources; the others deliver one object an hour
    late_share: float = 0.02  # of events: they arrive one to six hours after their hour
    duplicate_share: float = 0.004  # of records that carry an id: their line is delivered once more
    bad_share: float = 0.0008  # of JSON lines: before them lies a cut copy, as a restarted writer leaves it
    pii_share: float = 0.02  # of the shop's events: they carry personal data or a secret
    foreign_tenant_share: float = 0.0004  # of mixed lines: as many more name a tenant that is invalid or not granted

    def __post_init__(self) -> None:
        """Refuse what would give other logs than asked for."""
        self._check_window()
        for name in ("events_per_hour", "objects_per_hour"):
            if getattr(self, name) < 1:
                raise UsageError(f"ShopSpec.{name}: {getattr(self, name)} must be at least 1")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 0.5:
                raise UsageError(f"ShopSpec.{name}: {getattr(self, name)} must be in 0 … 0.5")
        if not self.tenants or len(set(self.tenants)) < len(self.tenants):
            raise UsageError(f"ShopSpec.tenants: {self.tenants} must be one or more names, each once")
        for tenant in self.tenants:
            if not _TENANT.fullmatch(tenant):
                raise UsageError(f"ShopSpec.tenants: {tenant!r} must match {_TENANT.pattern}")

    def _check_window(self) -> None:
        end = self.end
        if end.utcoffset() != timedelta(0):
            raise UsageError(f"ShopSpec.end: {end.isoformat()} must be in UTC")
        if end != end.replace(minute=0, second=0, microsecond=0):
            raise UsageError(f"ShopSpec.end: {end.isoformat()} must be a full hour")
        least = HOURS_WITH_FAULT if self.fault else 1
        if self.hours < least:
            raise UsageError(f"ShopSpec.hours: {self.hours} must be at least {least}")

    @property
    def end_ns(self) -> int:
        """The exclusive end in nanoseconds of the epoch."""
        return int(self.end.timestamp()) * NS

    @property
    def start_ns(self) -> int:
        """The first generated hour's start."""
        return self.end_ns - self.hours * HOUR_NS

    @property
    def faulty_tenant(self) -> str:
        """The tenant for whom no payment is captured any more once the fault has begun."""
        return self.tenants[1 % len(self.tenants)]
