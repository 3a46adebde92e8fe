"""An objective: one YAML file that says which share of what is to be good, over how many days.

`objectives/<name>.yaml` in the lake, or beside `$LOGSIGHT_CONFIG`. Add a field here, to `docs/objectives.md`, and where
it takes effect.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from logsight_assets.errors import ConfigurationError
from logsight_assets.sections import Section
from logsight_assets.settings import TENANT_NAME, read_yaml, validated
from logsight_assets.trends.histogram import bucket_of

AVAILABILITY, LATENCY = "availability", "latency"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class Objective(Section):
    """The whole of an objective's file."""

    name: str = Field(description="name of the objective: the file's own")
    description: str = Field("", description="for people")
    tenant: str | None = Field(None, description="only this tenant; each by itself when absent")
    environment: str | None = Field(None, description="only this environment; all together when absent")
    service: str = Field(description="the service that is promised")
    kind: Literal["availability", "latency"] = Field(description="what is good: no error, or fast enough")
    of: Literal["requests", "events"] = Field("requests", description="what an availability is the share of")
    target: float = Field(ge=0.5, le=0.99999, description="share that is to be good")
    threshold_ms: float | None = Field(None, gt=0, le=2_592_000_000, description="what is fast enough, for latency")
    window_days: int = Field(28, ge=1, le=90, description="days over which the share is taken")

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError(f"{value!r} must match {_NAME.pattern}")
        return value

    @field_validator("tenant")
    @classmethod
    def _is_a_tenant(cls, value: str | None) -> str | None:
        if value is not None and not TENANT_NAME.fullmatch(value):
            raise ValueError(f"{value!r} must match {TENANT_NAME.pattern}")
        return value

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

    @property
    def fingerprint(self) -> str:
        """Changes when an edit can change rows."""
        held = self.model_dump(mode="json", exclude={"description"})
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]

    def is_for(self, tenant: str) -> bool:
        return self.tenant in (None, tenant)


def load_objectives(folder: Path) -> dict[str, Objective]:
    """Every `*.yaml` of a folder, by name; ConfigurationError names file and field."""
    found = {}
    for file in folder.glob("*.yml"):
        raise ConfigurationError(f"{file}: an objective's file ends in .yaml; rename it")
    for file in sorted(folder.glob("*.yaml")):
        objective = validated(Objective, {"name": file.stem} | read_yaml(file), str(file))
        if objective.name != file.stem:
            raise ConfigurationError(f"{file}: name: {objective.name!r} must be the file's own name, {file.stem!r}")
        found[objective.name] = objective
    return found
