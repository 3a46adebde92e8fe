"""The prompt: a versioned text of ours, and the data in one block that only a random word can end.

A version's file is never changed: a new text is a new version, so that stored summaries stay what they were made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from logsight_assets.errors import ConfigurationError
from logsight_assets.incidents.runbooks import Runbook
from logsight_assets.incidents.summary.select import Selected

NAME = "incident_summary"
_FOLDER = Path(__file__).parent.parent.parent / "prompts"


@dataclass(frozen=True)
class Prompt:
    """What a model is given: instructions, and data between two lines that hold the nonce."""

    version: str
    nonce: str
    system: str
    before: str
    data: str
    after: str
    name: str = NAME  # what is asked for: a folder of prompts

    @property
    def digest(self) -> str:
        """Of all that is given; equal for equal facts, version and nonce."""
        parts = json.dumps([self.version, self.system, self.before, self.data, self.after])
        return hashlib.sha256(parts.encode()).hexdigest()


def make_prompt(
    selected: Selected, runbooks: Sequence[Runbook], severity: str, version: str, nonce: str, name: str = NAME
) -> Prompt:
    """The prompt of an incident. The nonce is new for each, and unknown to whoever writes logs."""
    given = [
        {"runbook": each.name, "title": each.front.title, "steps": dict(enumerate(each.steps, 1))} for each in runbooks
    ]
    data = selected.text
    if given:
        data += "\n" + "\n".join(json.dumps(each, ensure_ascii=False) for each in given)
    before = f"The alarms give this incident severity {severity}.\nDATA {nonce}\n"
    system = prompt_text(version, name).replace("{nonce}", nonce)
    return Prompt(version, nonce, system, before, data, f"\nEND {nonce}\n", name)


@cache
def prompt_text(version: str, name: str = NAME) -> str:
    """The instructions of a version; ConfigurationError for one that is not there."""
    if version not in versions(name):
        raise ConfigurationError(f"model.prompt {version!r}: there are {', '.join(versions(name))}")
    return (_FOLDER / name / f"{version}.md").read_text(encoding="utf-8")


@cache
def versions(name: str = NAME) -> tuple[str, ...]:
    """Versions of a prompt, the oldest first."""
    return tuple(sorted((file.stem for file in (_FOLDER / name).glob("*.md")), key=int))
