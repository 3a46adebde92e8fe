"""IP and hardware addresses: off by default (see `policy.py`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from logsight_assets.intake.redaction.canonical import canonical
from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import BEGINS, GATE_BEGINS, compile_bytes, is_word_at
from logsight_assets.intake.redaction.policy import Kind

_IPV4 = compile_bytes(rf"(?:{BEGINS}|[vV])([0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]{{1,3}})\b")
_IPV4_GATE = r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"


def _ipv4(text: bytes) -> Iterator[Found]:
    for match in _IPV4.finditer(text):
        start, end = match[1]
        octets = text[start:end].split(b".")
        if all(int(octet) <= 255 for octet in octets) and not _is_dotted_on(text, start, end):
            yield Found(start, end, Kind.IP, canonical(Kind.IP, text[start:end].decode("latin-1")))


def _is_dotted_on(text: bytes, start: int, end: int) -> bool:
    """Five or more dotted numbers are an object identifier or a version, no address."""
    after = text[end : end + 2]
    before = text[max(0, start - 2) : start]
    is_longer = len(after) == 2 and after[0] == 0x2E and 0x30 <= after[1] <= 0x39
    return is_longer or (len(before) == 2 and before[1] == 0x2E and 0x30 <= before[0] <= 0x39)


_HEX = r"[0-9A-Fa-f]"
_IPV6 = compile_bytes(rf"{_HEX}{{0,4}}:{_HEX}{{0,4}}:[0-9A-Fa-f:]{{0,32}}(?:(?:\.[0-9]{{1,3}}){{3}})?")
# Either two colons together or seven groups: a time of day has neither.
_IPV6_GATE = rf"::|{_HEX}:(?:{_HEX}{{1,4}}:){{5}}"


def _ipv6(text: bytes) -> Iterator[Found]:
    for match in _IPV6.finditer(text):
        start, end = match[0]
        while text[end - 1] == 0x3A and text[end - 2 : end] != b"::" and end - start > 2:
            end -= 1
        if is_word_at(text, start - 1) or is_word_at(text, end) or text[end : end + 1] == b":":
            continue
        spelled = text[start:end].decode("latin-1")
        if _is_ipv6(spelled):
            yield Found(start, end, Kind.IP, canonical(Kind.IP, spelled))


def _is_ipv6(spelled: str) -> bool:
    """An address with a digit in it, or long enough: `a::b` and `::` alone are code far more often."""
    if not any(char.isdigit() for char in spelled) and len(spelled) < 9:
        return False
    try:
        ipaddress.IPv6Address(spelled)
    except ValueError:
        return False
    return True


_MAC = compile_bytes(
    rf"{BEGINS}((?:{_HEX}{{2}}:){{5}}{_HEX}{{2}}|(?:{_HEX}{{2}}-){{5}}{_HEX}{{2}}|(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}})\b"
)
_MAC_GATE = (
    rf"{GATE_BEGINS}{_HEX}{{2}}[:\-](?:{_HEX}{{2}}[:\-]){{4}}{_HEX}{{2}}|{GATE_BEGINS}(?:{_HEX}{{4}}\.){{2}}{_HEX}{{4}}"
)


def _macs(text: bytes) -> Iterator[Found]:
    for match in _MAC.finditer(text):
        start, end = match[1]
        # More pairs around it make it a dump of bytes or a fingerprint.
        is_part = any(
            text[at : at + 1] in (b":", b"-", b".") and is_word_at(text, beyond)
            for at, beyond in ((start - 1, start - 2), (end, end + 1))
            if at >= 0
        )
        if not is_part:
            yield Found(start, end, Kind.MAC, canonical(Kind.MAC, text[start:end].decode("latin-1")))


DETECTORS = (
    Detector("ipv6", ("ip",), _IPV6_GATE, _ipv6),  # first, for the IPv4 address at the end of one
    Detector("ipv4", ("ip",), _IPV4_GATE, _ipv4),
    Detector("mac", ("mac",), _MAC_GATE, _macs),
)
