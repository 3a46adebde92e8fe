"""Secrets by reference: `env:NAME` or `file:/PATH`, read at the moment of use and kept nowhere."""

from __future__ import annotations

import os
from pathlib import Path

from logsight_assets.errors import ConfigurationError

_LARGEST = 64 * 1024  # bytes of a file that can be a secret


def secret(reference: str) -> str:
    """The value without white space around it; ConfigurationError names the reference, never a value."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
    else:
        try:
            with Path(name).open("rb") as file:
                value = file.read(_LARGEST).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"secret {reference}: cannot be read ({type(error).__name__})") from None
    if not value.strip():
        raise ConfigurationError(f"secret {reference}: is empty or not set")
    return value.strip()
