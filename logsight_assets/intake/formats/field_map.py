"""A source's field map: our field's name → the record's key, by which JSON lines with names of their own are read."""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.formats.field_names import ROLES, Claim, Claims, role_of

_MISSING = object()


def mapped_claims(
    obj: dict[str, Any], field_map: dict[str, str], claims: Claims, attributes: dict[str, Any]
) -> dict[str, Any]:
    """Put what the map names into `claims` (before any other claim) or `attributes`; the rest of `obj` comes back.

    Names on our side: the flat format's fields and their usual aliases, `service.name` and other resource names that
    have a role, `attributes.x`; any other name becomes an attribute of that name.
    """
    rest = obj
    for field, path in field_map.items():
        value, rest = _taken(rest, path)
        if value is _MISSING or value is None:
            continue
        name = field.removeprefix("resource.")
        role = role_of(name)
        if role is not None:
            scale = role.scale if role.name != "severity" else _scale(path)
            claims.setdefault(role.name, []).append(Claim(-1, path, value, scale))
        else:
            attributes[field.removeprefix("attributes.")] = value
    return rest


def _scale(path: str) -> str:
    role = ROLES.get(path.rpartition(".")[2].lower())
    return role.scale if role is not None and role.name == "severity" else "level"


def _taken(obj: dict[str, Any], path: str) -> tuple[Any, dict[str, Any]]:
    """The value at a literal key or dotted path, and `obj` without it (copied along the path)."""
    if path in obj:
        return obj[path], {key: value for key, value in obj.items() if key != path}
    head, dot, tail = path.partition(".")
    inner = obj.get(head)
    if not dot or not isinstance(inner, dict):
        return _MISSING, obj
    value, rest = _taken(inner, tail)
    if value is _MISSING:
        return _MISSING, obj
    copied = dict(obj)
    if rest:
        copied[head] = rest
    else:
        del copied[head]
    return value, copied
