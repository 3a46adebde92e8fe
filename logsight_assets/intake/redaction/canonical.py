"""One spelling for each entity, so that every way to write it gives the same token."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote

from logsight_assets.intake.redaction.policy import Kind


def canonical(kind: Kind, value: str) -> str:
    """The spelling that is hashed. Never raises: what cannot be read stays as it is, in lower case."""
    return _BY_KIND.get(kind, _folded)(value.strip())


def digits_of(text: str) -> str:
    """The ASCII digits of a text."""
    return "".join(char for char in text if "0" <= char <= "9")


def _folded(value: str) -> str:
    return value.lower() if value.isascii() else unicodedata.normalize("NFC", value).lower()


def _alphanumeric(value: str) -> str:
    return "".join(char for char in value if char.isalnum()).upper()


def _email(value: str) -> str:
    """Percent-encoding (`%40`, `%2B`) undone, lower case. The local part too: no provider of note tells case apart."""
    return _folded(unquote(value) if "%" in value else value)


def phone(value: str) -> str:
    """`+` and digits where the country is known, digits otherwise.

    A leading 00 is the international prefix; a bracketed (0) is dropped; ten digits of North American shape get +1, so
    that `(555) 234-5678` and `+1 555 234 5678` join.
    """
    text = (unquote(value) if "%" in value else value).replace("(0)", "")
    digits = digits_of(text)
    if "+" in text[:3]:
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    national = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if len(national) == 10 and national[0] >= "2" and national[3] >= "2":
        return f"+1{national}"
    return digits


def _ip(value: str) -> str:
    address, _, _zone = value.partition("%")
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return _folded(value)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


def _mac(value: str) -> str:
    return _alphanumeric(value).lower()


def _wallet(value: str) -> str:
    """Base58 tells case apart; Bech32 and hexadecimal addresses do not."""
    return value.lower() if value[:3].lower() in ("bc1", "tb1") or value[:2].lower() == "0x" else value


_BY_KIND: dict[Kind, Callable[[str], str]] = {
    Kind.EMAIL: _email,
    Kind.PHONE: phone,
    Kind.CARD: digits_of,
    Kind.IBAN: _alphanumeric,
    Kind.ACCOUNT: _alphanumeric,
    Kind.NATIONAL_ID: _alphanumeric,
    Kind.IP: _ip,
    Kind.MAC: _mac,
    Kind.WALLET: _wallet,
}
