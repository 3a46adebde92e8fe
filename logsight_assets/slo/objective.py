"""An objective: one YAML file that says which share of what is to be good, over how many days.

`objectives/<name>.yaml` in the lake, or beside `$LOGSIGHT_CONFIG`. Add a field here, to `docs/objectives.md`, and where
it takes effect.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from logsight_assets.declarations import Declaration, Declared, DeclaredName, TenantName, read_declarations
from logsight_assets.trends.histogram import bucket_of

FOLDER = "objectives"
AVAILABILITY, LATENCY = "availability", "latency"
LONGEST_WINDOW_DAYS = 90


class Objective(Declaration):
    """The whole of an objective's file."""

    name: DeclaredName = Field(description="name of the objective: the file's own")
    description: str = Field("", description="for people")
    tenant: TenantName | None = Field(None, description="only this tenant; each by itself when absent")
    environment: str | None = Field(None, description="only this environment; all together when absent")
    service: str = Field(description="the service that is promised")
    kind: Literal["availability", "latency"] = Field(description="what is good: no error, or fast enough")
    of: Literal["requests", "events"] = Field("requests", description="what an availability is the share of")
    target: float = Field(ge=0.5, le=0.99999, description="share that is to be good")
    threshold_ms: float | None = Field(None, gt=0, le=2_592_000_000, description="what is fast enough, for latency")
    window_days: int = Field(28, ge=1, le=LONGEST_WINDOW_DAYS, description="days over which the share is taken")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind == LATENCY) != (self.threshold_ms is not None):
            raise ValueError("threshold_ms belongs to kind latency, and to no other")
        return self

    @property
    def slowest_good_bucket(self) -> int:
        """Bucket of the threshold: a duration in it is good, so a threshold is met to within 1/32."""
        return bucket_of(int((self.threshold_ms or 0.0) * 1e6))

    @property
    def allowed(self) -> float:
        """Share that may be bad."""
        return round(1 - self.target, 9)

    def is_for(self, tenant: str) -> bool:
        return self.tenant in (None, tenant)


def read_objectives(folder: Path) -> Declared[Objective]:
    """Every `*.yaml` of a folder, by name, and those that are wrong."""
    return read_declarations(folder, Objective, "an objective")


def load_objectives(folder: Path) -> dict[str, Objective]:
    """The same for whoever can correct a file; ConfigurationError names file and field."""
    return read_objectives(folder).whole()
