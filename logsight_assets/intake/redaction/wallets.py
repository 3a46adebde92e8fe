"""Addresses of crypto currencies: Bitcoin (Base58Check, Bech32) and Ethereum's form; weak evidence of a person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from logsight_assets.intake.redaction.canonical import canonical
from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import BEGINS, GATE_BEGINS, GATE_ENDS, compile_bytes
from logsight_assets.intake.redaction.policy import Kind

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_ADDRESS = compile_bytes(
    rf"{BEGINS}([13][1-9A-HJ-NP-Za-km-z]{{25,34}}\b|(?:bc1|BC1|tb1)[0-9A-Za-z]{{11,71}}\b|0x[0-9A-Fa-f]{{40}}\b)"
)
_GATE = (
    rf"{GATE_BEGINS}(?:[13][1-9A-HJ-NP-Za-km-z]{{25,34}}{GATE_ENDS}|(?:bc1|BC1|tb1)[0-9A-Za-z]{{11}}"
    rf"|0x[0-9A-Fa-f]{{40}}{GATE_ENDS})"
)


def _wallets(text: bytes) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text):
        start, end = match[1]
        spelled = text[start:end].decode("latin-1")
        if spelled.startswith("0x") or is_base58_checked(spelled) or is_bech32(spelled.lower()):
            yield Found(start, end, Kind.WALLET, canonical(Kind.WALLET, spelled))


def is_base58_checked(spelled: str) -> bool:
    """The last four of 25 bytes are the beginning of a double SHA-256 of the others."""
    number = 0
    for char in spelled:
        place = _BASE58.find(char)
        if place < 0:
            return False
        number = number * 58 + place
    if number >> 200:
        return False
    data = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] == data[21:]


def is_bech32(spelled: str) -> bool:
    """BIP 173 (Bech32) or BIP 350 (Bech32m): the checksum polynomial gives 1 or 0x2bc830a3."""
    human, _, data = spelled.rpartition("1")
    if not human or len(data) < 6 or any(char not in _BECH32 for char in data):
        return False
    values = [ord(char) >> 5 for char in human] + [0] + [ord(char) & 31 for char in human]
    values += [_BECH32.index(char) for char in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check in (1, 0x2BC830A3)


DETECTORS = (Detector("wallet", ("other",), _GATE, _wallets),)
