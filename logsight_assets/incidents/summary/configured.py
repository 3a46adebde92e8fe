"""The model of the settings: Bedrock, paced; none where none is configured."""

from __future__ import annotations

from logsight_assets.lake import Lake
from resources.model import Model
from resources.model_pace import Pace, PacedModel


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
    return PacedModel(model, Pace(settings.calls_per_minute, settings.attempts))
