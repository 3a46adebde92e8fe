"""Choices of an answer in words: they are ours, so that no model's sentence tells people what to do."""

from __future__ import annotations

from logsight_assets.incidents.summary.schema import Look, Missing

LOOKS: dict[Look, str] = {
    "lines": "read the lines of {service} around the first change",
    "traces": "follow failing requests through {service}",
    "dependency": "look at what {service} calls, and whether it answers",
    "capacity": "look at load, memory and connections of {service}",
    "recent_change": "compare with what was changed in {service} last",
    "configuration": "compare the configuration of {service} with the one before",
}
MISSING: dict[Missing, str] = {
    "logs": "more logs of {service}",
    "traces": "trace ids in the logs of {service}",
    "metrics": "metrics of {service}",
    "changes": "what was changed in {service}",
    "earlier_hours": "earlier hours of {service}",
}
REASONS = {
    "no_model": "no model is configured",
    "not_wanted": "the tenant's evidence is shown to no model",
    "no_evidence": "there is no evidence that could be summarised",
    "no_price": "the model has no price in the settings, so no budget would hold",
    "budget": "the budget of the day is spent",
    "throttled": "the model is asked too often",
    "timeout": "the model did not answer in time",
    "unavailable": "the model cannot be reached",
    "pace": "more summaries are due than may be asked for at a time",
    "resting": "the model failed several times in a row and is given a rest",
    "refused": "the model refused",
    "intervened": "the guardrail intervened",
    "filtered": "the provider filtered the answer",
    "malformed": "the answer was not in the schema",
    "cut": "the answer was too long and was cut",
    "too_long": "the evidence was too long for the model",
    "gone": "the model does not exist any more, or not here",
    "rejected": "the provider rejected the request",
    "denied": "access to the model is denied",
    "unsupported": "the evidence supports no cause that the model named",
    "no_cause": "the model names no cause",
    "failed": "making it failed",
    "erased": "what it was made from was erased",
}
