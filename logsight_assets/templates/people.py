"""What people do to a template: pin it, name it, and take either back. Each is a decision with who and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from logsight_assets.decisions import Said, decide, decisions, standing
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake, mark, values
from logsight_assets.scratch import embedded_engine
from logsight_assets.templates.groups import OTHER_PATTERN
from logsight_assets.templates.pins import NAME, PIN, fits, names_of, says_something
from logsight_assets.templates.refresh import DECISIONS, LEVEL, refresh_templates
from logsight_assets.templates.registry import Template, read_all, read_patterns

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Found:
    """A template, by the id that it has now."""

    tenant: str
    service: str
    template_id: str
    template: Template
    pattern_ids: tuple[int, ...]

    @property
    def about(self) -> dict[str, object]:
        """What finds it again, whatever happens to groups and ids."""
        return {"service": self.service, "pattern_ids": list(self.pattern_ids)}


def find(lake: Lake, template_id: str, tenant: str | None = None) -> Found:
    """A template by its id or by one that was merged into it; UsageError if none or several tenants have it."""
    tenants = [tenant] if tenant else values(lake.store, "templates/", "tenant")
    found = [match for each in tenants if (match := _find(lake, each, template_id))]
    if not found:
        raise UsageError(f"template {template_id[:80]!r} is not in the registry; `logsight templates list` shows all")
    if len(found) > 1:
        raise UsageError(f"template {template_id} is one of {len(found)} tenants; say which with --tenant")
    return found[0]


def _find(lake: Lake, tenant: str, template_id: str) -> Found | None:
    for service, held in read_all(lake.store, tenant).items():
        registry = held.registry
        now = registry.aliases.get(template_id, template_id)
        if template := registry.templates.get(now):
            members = tuple(sorted(pattern for pattern, home in registry.homes.items() if home == now))
            return Found(tenant, service, now, template, members)
    return None


def pin(lake: Lake, found: Found, said: Said, text: str | None = None) -> None:
    """Keep a template's patterns, and all whose line fits its text, together under its id and text.

    `text` replaces the mined one: constants with wildcards such as `<*>`. UsageError if it says nothing of its own, or
    fits no line that the template has.
    """
    if OTHER_PATTERN in found.pattern_ids:
        raise UsageError(
            f"template {found.template_id} stands for what the cardinality cap joined: it cannot be pinned"
        )
    template = found.template.text if text is None else text.strip()
    if not says_something(template):
        raise UsageError("pin: a text without a word of its own would fit every line; give one with --text")
    if text is not None and not any(fits(template, line) for line in _lines(lake, found)):
        raise UsageError("pin: --text fits no line of this template; constants as they stand, <*> for what varies")
    value = {**found.about, "template": template}
    _decide(lake, found, PIN, value, said)


def name(lake: Lake, found: Found, said: Said, label: str) -> None:
    """Call a template something."""
    if not 0 < len(label.strip()) <= _LONGEST_NAME:
        raise UsageError(f"name: must be 1 to {_LONGEST_NAME} characters")
    _decide(lake, found, NAME, {**found.about, "name": label.strip()}, said)


def take_back(lake: Lake, found: Found, kind: str, said: Said) -> None:
    """Take back the pin or the name of a template, under whichever id it was decided; UsageError if it has none."""
    homes = {found.service: read_all(lake.store, found.tenant)[found.service].registry.homes}
    held = standing(decisions(lake.store, found.tenant, kind), lake.clock())
    own = [
        subject
        for subject, decision in held.items()
        if found.template_id in ([subject] if kind == PIN else names_of([decision], homes))
    ]
    if not own:
        raise UsageError(f"template {found.template_id} has no {kind.removeprefix('template_')} to take back")
    for subject in own:
        _decide(lake, replace(found, template_id=subject), kind, None, said)


def _decide(lake: Lake, found: Found, kind: str, value: dict[str, object] | None, said: Said) -> None:
    # The marker first: if nobody comes to refresh, the next run does.
    mark(lake.store, LEVEL, DECISIONS, kind)
    decide(lake, found.tenant, kind, found.template_id, value, said)
    with embedded_engine(lake) as engine:
        refresh_templates(lake, engine)


def _lines(lake: Lake, found: Found) -> list[str]:
    number = read_all(lake.store, found.tenant)[found.service].number
    patterns = read_patterns(lake.store, found.tenant, found.service, number)
    return [patterns[pattern_id].sample_min.partition("\n")[0] for pattern_id in found.pattern_ids]
