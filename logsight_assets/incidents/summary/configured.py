"""The model of the settings: Bedrock, at a pace that a lake's processes keep together; none where none is named."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from logsight_assets.lake import Lake
from resources.model import Model
from resources.model_pace import PacedModel
from resources.pace_keeper import FileKeeper
from resources.pace_state import Pace


def model_of(lake: Lake) -> Model | None:
    """The model that the settings name, ready to be asked; nobody is called before it is."""
    settings = lake.settings.model
    if not settings.ladder:
        return None
    # Loading the SDK costs more than the rest of the command line.
    from resources.bedrock import BedrockModel, Guardrail, bedrock_client  # noqa: PLC0415

    client = bedrock_client(settings.region or None, settings.endpoint_url or None, settings.timeout_seconds)
    guardrail = Guardrail(settings.guardrail_id, settings.guardrail_version) if settings.guardrail_id else None
    model = BedrockModel(client, guardrail, settings.output or None)
    return PacedModel(model, _pace(lake), _keeper(lake))


def rests_of(lake: Lake) -> dict[str, datetime]:
    """Models that are at rest, and until when; ConfigurationError if processes cannot share their pace."""
    now = time.time()
    models = _keeper(lake).look().seen_at(now, _pace(lake)).models
    return {name: datetime.fromtimestamp(each.rests_until, UTC) for name, each in models.items() if each.rests_until}


def _pace(lake: Lake) -> Pace:
    return Pace(lake.settings.model.calls_per_minute, lake.settings.model.attempts)


def _keeper(lake: Lake) -> FileKeeper:
    return FileKeeper(lake.state / "model-pace.json")
