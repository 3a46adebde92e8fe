"""A named metric: one YAML file that says which metric of which service is kept, in which statistics.

`metrics/<name>.yaml` beside the sources. The words are CloudWatch's; an OTLP metric is the same one when its name and
these attributes are (that is how the collector's EMF exporter names what it sends to CloudWatch). Add a field here, to
`docs/metrics.md`, and where it takes effect.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from logsight_assets.declarations import Declaration, Declared, DeclaredName, TenantName, read_declarations
from logsight_assets.lake import PLATFORM
from resources.metrics import Series, is_statistic

FOLDER = "metrics"
_HOUR = 3600
_SUB_MINUTE = (1, 5, 10, 20, 30)  # periods of CloudWatch's high-resolution metrics
# One unit that CloudWatch does not know refuses a call about five hundred metrics.
_PER_SECOND = [*(f"{power}{what}" for what in ("bytes", "bits") for power in ("Kilo", "Mega", "Giga", "Tera"))]
_SIZES = ["Bytes", "Bits", *_PER_SECOND]
UNITS = frozenset(
    ["Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None", *_SIZES]
    + [f"{size}/Second" for size in _SIZES]
)
Word = Annotated[str, Field(min_length=1, max_length=255)]


class NamedMetric(Declaration):
    """The whole of a metric's file."""

    name: DeclaredName = Field(description="name of the metric in the table: the file's own")
    description: str = Field("", description="for people")
    tenant: TenantName | None = Field(
        None, description="whose it is; absent, each tenant's own files are read, and CloudWatch's is the platform's"
    )
    service: Word = Field(description="the service that it tells of")
    environment: str | None = Field(None, description="where, such as prod")
    namespace: str = Field(
        "", max_length=255, description="CloudWatch's namespace; without one it is only looked for in metric files"
    )
    metric: Word = Field(description="the metric's name, in CloudWatch or OTLP")
    dimensions: dict[Word, Annotated[str, Field(min_length=1, max_length=1024)]] = Field(
        default_factory=dict,
        max_length=30,
        description="dimensions by name; in OTLP, attributes of the point or its resource that must be equal",
    )
    statistics: tuple[str, ...] = Field(
        ("Average",),
        min_length=1,
        max_length=10,
        description="SampleCount, Average, Sum, Minimum, Maximum; from CloudWatch also p99 and its like",
    )
    period_seconds: int = Field(60, ge=1, le=_HOUR, description="length of a period; one row each")
    unit: str | None = Field(None, max_length=64, description="unit; CloudWatch gives only values of this one")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for statistic in self.statistics:
            if not is_statistic(statistic):
                raise ValueError(f"statistics: {statistic!r} is none that CloudWatch knows, such as Average or p99")
        if len(set(self.statistics)) < len(self.statistics):
            raise ValueError("statistics must name each once")
        if self.period_seconds not in _SUB_MINUTE and (self.period_seconds % 60 or _HOUR % self.period_seconds):
            raise ValueError("period_seconds must be 1, 5, 10, 20, 30, or whole minutes that divide an hour")
        if self.namespace.startswith(":"):
            raise ValueError("namespace must not begin with a colon")
        if self.namespace and self.unit is not None and self.unit not in UNITS:
            raise ValueError(f"unit: {self.unit!r} is none of CloudWatch's: {', '.join(sorted(UNITS))}")
        return self

    @property
    def sorted_dimensions(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(self.dimensions.items()))

    @property
    def series(self) -> tuple[Series, ...]:
        """One for each statistic."""
        return tuple(
            Series(self.namespace, self.metric, self.sorted_dimensions, statistic, self.period_seconds, self.unit)
            for statistic in self.statistics
        )

    @property
    def owner(self) -> str:
        """Whose its points are where the source does not say."""
        return self.tenant or PLATFORM

    def is_for(self, tenant: str) -> bool:
        return self.tenant in (None, tenant)

    def is_about(self, namespace: str, metric: str, dimensions: tuple[tuple[str, str], ...]) -> bool:
        """Whether an alarm about this metric is about the named one."""
        return (self.namespace in ("", namespace), self.metric, self.sorted_dimensions) == (True, metric, dimensions)


def read_metrics(folder: Path) -> Declared[NamedMetric]:
    """Every `*.yaml` of a folder, by name, and those that are wrong."""
    return read_declarations(folder, NamedMetric, "a metric")


def load_metrics(folder: Path) -> dict[str, NamedMetric]:
    """The same for whoever can correct a file; ConfigurationError names file and field."""
    return read_metrics(folder).whole()


def fingerprint_of(metrics: Iterable[NamedMetric]) -> str:
    """Changes when the metrics do, or one of them."""
    text = " ".join(sorted(metric.fingerprint for metric in metrics))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def own_name(series: Series) -> str:
    """What a metric is called that no file names, such as one that an alarm is about: its own words are untrusted."""
    told = json.dumps([series.namespace, series.metric, series.dimensions])
    return f"unnamed-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
