"""Kinds of what is found, and which of them a tenant wants replaced.

Secrets are no choice: they vanish under every policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from logsight_assets.errors import ConfigurationError


class Kind(StrEnum):
    """The word in a token. One kind for all national numbers: a number that two countries could have issued is the
    same entity whichever check accepted it first, and a search needs not to know the country."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    CARD = "CARD"
    IBAN = "IBAN"
    ACCOUNT = "ACCOUNT"
    NATIONAL_ID = "NATIONAL_ID"
    IP = "IP"
    MAC = "MAC"
    NAME = "NAME"
    USERNAME = "USERNAME"
    ADDRESS = "ADDRESS"
    LOCATION = "LOCATION"
    BIRTH_DATE = "BIRTH_DATE"
    WALLET = "WALLET"
    SECRET = "SECRET"  # noqa: S105 - a kind, not a secret


@dataclass(frozen=True)
class RedactionPolicy:
    """Which kinds become tokens; the names are those of the `redaction` section of `logsight.yaml`.

    IP and MAC addresses stay by default: in logs they name machines far more often than people, and an operator who
    cannot see them cannot work.
    """

    email: bool = True
    phone: bool = True
    card: bool = True
    iban: bool = True
    national_id: bool = True
    ip: bool = False
    mac: bool = False
    other: bool = False

    @classmethod
    def everything(cls) -> RedactionPolicy:
        """Every kind on, also those of weak evidence (`other`)."""
        return cls(**{field.name: True for field in fields(cls)})

    @classmethod
    def from_mapping(cls, switches: Mapping[str, object]) -> RedactionPolicy:
        """A policy from names and booleans, missing names by default; ConfigurationError names a wrong one."""
        known = {field.name for field in fields(cls)}
        for name, value in switches.items():
            if name not in known:
                raise ConfigurationError(f"redaction.{name}: unknown kind; choose among {', '.join(sorted(known))}")
            if not isinstance(value, bool):
                raise ConfigurationError(f"redaction.{name}: {value!r} is neither true nor false")
        return cls(**{name: bool(value) for name, value in switches.items()})

    def wants(self, switches: tuple[str, ...]) -> bool:
        """Whether all switches are on; no switch is a secret, which always goes."""
        return all(getattr(self, switch) for switch in switches)
