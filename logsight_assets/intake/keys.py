"""The lake's secrets: what tokens and record hashes are made with.

They lie in the state folder, outside every table, readable by the owner alone, and are made once. Rotation adds a
redaction key; the key of record hashes never changes, or copies that arrive around a rotation would count twice.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from logsight_assets.errors import ConfigurationError
from logsight_assets.intake.redaction.tokens import KeyRing


@dataclass(frozen=True)
class LakeKeys:
    """Keys of one lake."""

    record: str = field(repr=False)  # 32 hex digits, in front of what is hashed
    ring: KeyRing


def load_keys(state: Path) -> LakeKeys:
    """The keys of a state folder, made on first use."""
    file = state / "keys.json"
    if not file.exists():
        _write_new(file, {"record": secrets.token_hex(16), "redaction": {"1": secrets.token_hex(32)}, "current": 1})
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        masters = {int(version): bytes.fromhex(key) for version, key in held["redaction"].items()}
        return LakeKeys(bytes.fromhex(held["record"]).hex(), KeyRing(masters, held["current"]))
    except (KeyError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{file}: no valid keys ({type(error).__name__}); restore it from a backup: without it old tokens are lost"
        ) from error


def rotate_redaction_key(state: Path) -> int:
    """Add a redaction key and make it current; returns its version. Older tokens stay searchable."""
    load_keys(state)
    file = state / "keys.json"
    held = json.loads(file.read_text(encoding="utf-8"))
    version = max(map(int, held["redaction"])) + 1
    held["redaction"][str(version)] = secrets.token_hex(32)
    held["current"] = version
    staged = file.with_suffix(".new")
    staged.unlink(missing_ok=True)
    _write(staged, held)
    staged.replace(file)
    return version


def _write_new(file: Path, held: dict[str, object]) -> None:
    """Whoever is first makes the keys; a second process uses what is there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # No name of ours twice: what a killed process left must not stop the next one, which may have its process id.
    staged = file.with_name(f"keys.{secrets.token_hex(8)}.new")
    _write(staged, held)
    try:
        os.link(staged, file)
    except FileExistsError:
        pass
    finally:
        staged.unlink()


def _write(path: Path, held: dict[str, object]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(held, file)
