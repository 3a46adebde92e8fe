"""All detectors in order of precedence: where two claim the same characters, the earlier one has them."""

from __future__ import annotations

from functools import lru_cache

from logsight_assets.intake.redaction import (
    contacts,
    credentials,
    national,
    network,
    payments,
    personal_fields,
    private_keys,
    vendors,
    wallets,
)
from logsight_assets.intake.redaction.detector import Detector
from logsight_assets.intake.redaction.policy import RedactionPolicy

DETECTORS: tuple[Detector, ...] = (
    *private_keys.DETECTORS,
    *credentials.DETECTORS,
    *vendors.DETECTORS,
    *payments.DETECTORS,
    *contacts.DETECTORS,
    *national.DETECTORS,
    *wallets.DETECTORS,
    *network.DETECTORS,
    *personal_fields.DETECTORS,
)
# An escaped character may stand for any that a detector looks for.
_ESCAPE_GATE = r"\\u"


@lru_cache(maxsize=256)
def detectors_of(policy: RedactionPolicy) -> tuple[Detector, ...]:
    """The detectors that a policy turns on."""
    return tuple(detector for detector in DETECTORS if policy.wants(detector.switches))


@lru_cache(maxsize=256)
def nomination_pattern(policy: RedactionPolicy) -> str:
    """One RE2 expression over text or JSON text: what it does not match, redaction does not change.

    It is the union of the detectors' gates, free of look-around and captures, for google-re2 and for
    `regexp_matches` of DuckDB alike; wider than what is found, so that it stays one pass of a small automaton.
    """
    return _union([detector.gate for detector in detectors_of(policy)])


@lru_cache(maxsize=256)
def pattern_beside_addresses(policy: RedactionPolicy) -> str:
    """The same for a text without an at sign: the gate of addresses is left to whoever looks for the sign itself.

    Signs that are encoded stay in it.
    """
    gates = [detector.gate for detector in detectors_of(policy) if detector is not contacts.EMAIL]
    return _union([*gates, contacts.ENCODED_AT_SIGN] if policy.email else gates)


def _union(gates: list[str]) -> str:
    return "|".join(f"(?:{gate})" for gate in (*gates, _ESCAPE_GATE))
