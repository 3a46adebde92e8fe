"""Runbooks: what people wrote down to do, one markdown file each in `runbooks/` beside the sources.

Front matter says what a runbook is for and who approved it; the numbered items of its text are its steps. A runbook
that nobody approved is a draft: it matches nothing, and nothing cites it.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from logsight_assets.declarations import Declared, Refused
from logsight_assets.errors import ConfigurationError
from logsight_assets.settings import Section, validated

FOLDER = "runbooks"
_LARGEST = 256 * 1024  # bytes of a file
_MOST = 5  # that an incident is given
_FRONT = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", re.DOTALL)
_STEP = re.compile(r"^ {0,3}\d{1,2}[.)] +(.+(?:\n(?! {0,3}\d{1,2}[.)] |#|\s*$).+)*)", re.MULTILINE)
_Patterns = tuple[Annotated[str, Field(min_length=1, max_length=300)], ...]


class RunbookAction(Section):
    """Something that a machine can do for a step, once a person has approved it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$", description="what it is called in the runbook")
    step: int = Field(ge=1, le=99, description="the step that it does")
    type: Literal["restart_service", "roll_back_service", "scale_service"] = Field(description="what is done")
    service: str = Field(min_length=1, max_length=200, description="to which service")
    count: int | None = Field(None, ge=0, le=1000, description="instances to scale to")

    @model_validator(mode="after")
    def _scales_to_something(self) -> Self:
        if (self.type == "scale_service") != (self.count is not None):
            raise ValueError("count: is what scale_service scales to, and of nothing else")
        return self


class FrontMatter(Section):
    """What stands between the first two `---` of a runbook."""

    title: str = Field(min_length=1, max_length=200, description="what it is about, in a few words")
    alarms: _Patterns = Field((), description="names of alarms; * stands for anything")
    services: _Patterns = Field((), description="services suspected, or that the alarm is about; * stands for anything")
    templates: _Patterns = Field((), description="ids of changed templates, or words in them; * stands for anything")
    actions: tuple[RunbookAction, ...] = Field((), max_length=20, description="what a machine can do for a step")
    approved_by: str = Field("", max_length=200, description="who approved it; a runbook without one is a draft")
    approved: date | None = Field(None, description="when")


@dataclass(frozen=True)
class Runbook:
    """An approved or drafted runbook."""

    name: str  # the file's own
    front: FrontMatter
    steps: tuple[str, ...]
    content_hash: str

    @property
    def is_approved(self) -> bool:
        return bool(self.front.approved_by.strip()) and self.front.approved is not None

    def to_json(self) -> dict[str, Any]:
        """As an incident keeps it: what was cited stays readable when the file changes."""
        front = self.front.model_dump(mode="json")
        return {"name": self.name, "front": front, "steps": list(self.steps), "hash": self.content_hash}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Runbook:
        front = FrontMatter.model_validate(held["front"])
        return cls(held["name"], front, tuple(held["steps"]), held["hash"])


def read_runbooks(folder: Path) -> Declared[Runbook]:
    """Every `*.md` of a folder, in order of names, and those that are wrong."""
    found, refused = {}, []
    for file in sorted(folder.glob("*.md")):
        try:
            found[file.stem] = parse_runbook(file.stem, _bytes_of(file), str(file))
        except ConfigurationError as error:
            refused.append(Refused(file, error))
    return Declared(found, tuple(refused))


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({type(error).__name__})") from error


def load_runbooks(folder: Path) -> list[Runbook]:
    """The same for whoever can correct a file; ConfigurationError names file and field."""
    return list(read_runbooks(folder).whole().values())


def parse_runbook(name: str, data: bytes, where: str) -> Runbook:
    """The runbook in a file's bytes; ConfigurationError begins with `where`."""
    if len(data) > _LARGEST:
        raise ConfigurationError(f"{where}: {len(data):,} bytes; a runbook has at most {_LARGEST:,}")
    try:
        match = _FRONT.match(data.decode())
        held: Any = yaml.safe_load(match[1]) if match else None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Bytes that are no text and a day that does not exist are ValueErrors.
        raise ConfigurationError(f"{where}: its front matter is no YAML ({type(error).__name__})") from None
    if match is None or not isinstance(held, dict):
        raise ConfigurationError(f"{where}: must begin with front matter between two lines `---`")
    front = validated(FrontMatter, held, where)
    steps = tuple(" ".join(step.split()) for step in _STEP.findall(match[2]))
    if not steps:
        raise ConfigurationError(f"{where}: has no steps; write them as a numbered list")
    return Runbook(name, front, steps, hashlib.sha256(data).hexdigest()[:16])


def matching(
    runbooks: Iterable[Runbook],
    alarms: Sequence[str],
    services: Sequence[str],
    templates: Sequence[tuple[str, str]],
    symptoms: Sequence[str] = (),
) -> list[Runbook]:
    """Approved runbooks for an incident, best first: by alarm, by template (id, text), by suspect, by alarmed service.

    A runbook that names several kinds must match one of them; the first kind that matches is its rank. At most five.
    """
    found = []
    for runbook in runbooks:
        front = runbook.front
        ranks = (
            any(_is_like(alarm, front.alarms) for alarm in alarms),
            any(_is_like(each, front.templates) for pair in templates for each in pair),
            any(_is_like(service, front.services) for service in services),
            any(_is_like(service, front.services) for service in symptoms),
        )
        if runbook.is_approved and any(ranks):
            found.append((ranks.index(True), runbook.name, runbook))
    return [runbook for _, _, runbook in sorted(found, key=lambda each: each[:2])][:_MOST]


def _is_like(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns)
