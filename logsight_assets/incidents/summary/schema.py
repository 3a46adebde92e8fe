"""What a model may answer: statements that name their evidence, and choices among what is known.

Nothing here lets a model write a link, a command or a step of its own: steps are those of approved runbooks, and what
else to look at is a choice whose words are ours (see words.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LONGEST_STATEMENT = 400  # characters
Level = Literal["critical", "high", "medium", "low"]
Look = Literal["lines", "traces", "dependency", "capacity", "recent_change", "configuration"]
Missing = Literal["logs", "traces", "metrics", "changes", "earlier_hours"]
# A grammar of structured output knows no limits of length; they hold when the answer is read.
_NOT_IN_GRAMMARS = frozenset(
    {"maxItems", "minItems", "maxLength", "minLength", "maximum", "minimum", "title", "default", "pattern"}
)


class MalformedAnswer(Exception):
    """An answer is not in the schema; the message names fields, never values."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Quote(_Part):
    """Words of a fact, as they stand there."""

    fact: str = Field(max_length=12, description="id of the fact")
    text: str = Field(min_length=1, max_length=300, description="a substring of its text, copied exactly")


class Statement(_Part):
    """One sentence that its evidence supports."""

    text: str = Field(min_length=1, description="one plain sentence; numbers, times and names only from its evidence")
    evidence: list[str] = Field(max_length=12, description="ids of the facts that support it, such as T1")
    quotes: list[Quote] = Field(max_length=4, description="words of log lines; empty where the counts say it")


class Cause(_Part):
    """A service as cause, or as none."""

    service: str = Field(max_length=200, description="a service that the facts name")
    statement: Statement = Field(description="why")


class Severity(_Part):
    """How bad it is."""

    level: Level
    statement: Statement = Field(description="why")


class Step(_Part):
    """A step of a runbook that was given."""

    runbook: str = Field(max_length=100, description="name of the runbook")
    step: int = Field(ge=1, le=99, description="number of the step")


class LookAt(_Part):
    """Something to look at that no runbook names."""

    what: Look
    service: str = Field(max_length=200, description="a service that the facts name")
    evidence: list[str] = Field(max_length=6, description="ids of the facts that suggest it")


class MissingData(_Part):
    """Something that would have helped."""

    what: Missing
    service: str = Field(max_length=200, description="a service that the facts name")


class Answer(_Part):
    """All that a model says of an incident."""

    summary: list[Statement] = Field(max_length=4, description="what happened, for somebody who was just woken")
    probable_cause: Cause | None = Field(description="null where the facts show none")
    severity: Severity
    confidence: Literal["high", "medium", "low"]
    excluded_causes: list[Cause] = Field(max_length=6, description="services that look involved and are not the cause")
    claims: list[Statement] = Field(max_length=12, description="further findings")
    runbook_steps: list[Step] = Field(max_length=10, description="of the runbooks that were given")
    look_at: list[LookAt] = Field(max_length=6, description="what to look at next")
    missing_data: list[MissingData] = Field(max_length=6, description="what was not there")


def read_answer(text: str) -> Answer:
    """The answer in a JSON document; MalformedAnswer if it is none."""
    try:
        return Answer.model_validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"][:3])) or "document" for each in error.errors()})
        # A key that the model made up would be a value of its own.
        known = [place for place in places if place.partition(".")[0] in {*Answer.model_fields, "document"}]
        raise MalformedAnswer(f"not in the schema at {', '.join(known[:3]) or 'a field of its own'}") from None
    except RecursionError:
        raise MalformedAnswer("nested too deeply") from None


def schema_of(answer: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema as the grammars of structured output take it: closed objects, all fields required, no limits."""
    schema: dict[str, Any] = _for_grammar(json.loads(json.dumps(answer.model_json_schema())))
    return schema


def _for_grammar(node: Any, *, is_names: bool = False) -> Any:
    if isinstance(node, list):
        return [_for_grammar(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    kept = {name: value for name, value in node.items() if is_names or name not in _NOT_IN_GRAMMARS}
    return {
        name: _for_grammar(value, is_names=not is_names and name in ("properties", "$defs"))
        for name, value in kept.items()
    }
