"""Payment cards, IBANs and labelled bank account numbers."""

from __future__ import annotations

from collections.abc import Iterator

from logsight_assets.intake.redaction import labels
from logsight_assets.intake.redaction.canonical import canonical, digits_of
from logsight_assets.intake.redaction.checksums import luhn, mod97
from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import (
    BEGINS,
    begin,
    compile_bytes,
    is_in_row,
    is_word_at,
    stands_alone,
)
from logsight_assets.intake.redaction.policy import Kind

_GROUPED = r"[2-6][0-9]{3}[ \-][0-9]{4}[ \-][0-9]{4}[ \-][0-9]{1,7}|3[0-9]{3}[ \-][0-9]{6}[ \-][0-9]{4,5}"
_CARD = compile_bytes(rf"{BEGINS}(?:[2-6][0-9]{{12,18}}\b|{_GROUPED})")
# No fraction: `0.4999999999999999` is a card's length.
_CARD_GATE = (
    r"(?:^|[^0-9A-Za-z.]|\\[nrtbf])(?:[2-6][0-9]{12}|[2-6][0-9]{3}[ \-][0-9]{4}[ \-][0-9]{4}[ \-][0-9]"
    r"|3[0-9]{3}[ \-][0-9]{6}[ \-][0-9])"
)
# ISO/IEC 7812 issuer ranges (first four digits) and the lengths in use. Numbers of 13, 17, 18 and 19 digits without
# groups are left to the labels of `fields.py`: ids of that length are common, such cards are rare.
_RANGES: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (2200, 2204, (16,)),
    (2221, 2720, (16,)),
    (3000, 3059, (14, 16)),
    (3095, 3095, (14, 16)),
    (3400, 3499, (15,)),
    (3528, 3589, (16,)),
    (3600, 3699, (14, 16)),
    (3700, 3799, (15,)),
    (3800, 3999, (14, 16)),
    (4000, 4999, (13, 16)),
    (5000, 5999, (16,)),
    (6000, 6999, (16,)),
)


def is_card(digits: str, grouped: bool) -> bool:
    """Luhn, an issuer's range and a length that it uses; a label or grouping also allows 12 to 19 digits."""
    if not 12 <= len(digits) <= 19 or len(set(digits)) == 1 or not luhn(digits):
        return False
    head = int(digits[:4])
    return any(low <= head <= high and (grouped or len(digits) in lengths) for low, high, lengths in _RANGES)


_CARD_LABEL = compile_bytes(r"(?i:card|pan|cc|credit|debit|visa|master|maestro|diners|union ?pay)[^0-9,;\n]{1,24}$")
# Ids of sixteen hexadecimal digits: one in 2000 has no letter, one in 25 of those passes for a card.
_TRACE_LABEL = compile_bytes(r"(?i:span|trace|parent|correlation)[ _\-]?(?i:id)?[\"' :=\\]{1,6}$")
# A labelled value of an attribute.
CARD_VALUE = compile_bytes(rf"[2-6][0-9]{{12,18}}|{_GROUPED}")


def _cards(text: bytes) -> Iterator[Found]:
    for match in _CARD.finditer(text):
        start, end = begin(text, match[0][0]), match[0][1]
        if _is_card_at(text, start, end):
            yield Found(start, end, Kind.CARD, digits_of(text[start:end].decode("latin-1")))


def _is_card_at(text: bytes, start: int, end: int) -> bool:
    spelled = text[start:end].decode("latin-1")
    digits = digits_of(spelled)
    before = text[max(0, start - 32) : start]
    is_clear = len(digits) < len(spelled) or _CARD_LABEL.search(before) is not None
    if not is_card(digits, is_clear) or before[-1:] == b"." or _TRACE_LABEL.search(before):
        return False
    return stands_alone(text, start, end) and not is_in_row(text, start, end)


# Length of an IBAN by country: the ISO 13616 registry.
_IBAN_LENGTHS: dict[str, int] = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FK FO GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
_COUNTRY = "(?:" + "|".join(sorted(_IBAN_LENGTHS)) + ")"
# In small letters a number is taken only behind its label: `be27…` begins one hexadecimal id in 250.
_IBAN = compile_bytes(
    rf"{BEGINS}(?:({_COUNTRY}[0-9]{{2}}(?:[ \-]?[0-9A-Z]){{11,31}})"
    rf"|(?i:iban)[ :=\"'\\]{{1,4}}((?i:{_COUNTRY})[0-9]{{2}}[0-9A-Za-z]{{11,30}}))"
)
_IBAN_GATE = (
    r"(?:^|[^0-9A-Z])[A-Z]{2}[0-9]{2}[ \-]?[0-9A-Z]{2}(?:[ \-]?[0-9A-Z]){7}"
    r"|(?i:iban)[0-9A-Za-z_.\-]*[\s:=\"'\\\[]+[A-Za-z]{2}[0-9]{2}"
)


def _ibans(text: bytes) -> Iterator[Found]:
    for match in _IBAN.finditer(text):
        group = 1 if match[1][0] >= 0 else 2
        start = match[group][0]
        end = _iban_end(text, start, match[group][1])
        if end:
            yield Found(start, end, Kind.IBAN, canonical(Kind.IBAN, text[start:end].decode("latin-1")))


def _iban_end(text: bytes, start: int, limit: int) -> int:
    """Where the number ends by its country's length, if it ends there and its check digits are right; else 0."""
    wanted = _IBAN_LENGTHS[text[start : start + 2].decode("latin-1").upper()]
    plain: list[str] = []
    for at in range(start, limit):
        if text[at] in b" -":
            continue
        plain.append(chr(text[at]))
        if len(plain) == wanted:
            return at + 1 if not is_word_at(text, at + 1) and mod97("".join(plain).upper()) else 0
    return 0


def is_iban(value: bytes) -> bool:
    """Whether the value of an account field is an IBAN, in letters of any size."""
    country = value[:2].decode("latin-1").upper()
    return value.isalnum() and country in _IBAN_LENGTHS and value[2:4].isdigit() and _iban_end(value, 0, len(value)) > 0


_ACCOUNT_NUMBER = r"[0-9][0-9\-]{4,16}[0-9]"
ACCOUNT_VALUE = compile_bytes(_ACCOUNT_NUMBER)
_ACCOUNT = compile_bytes(rf"(?:{labels.ACCOUNT}|\b(?i:aba)){labels.WORDS}{labels.SIGNS}({_ACCOUNT_NUMBER})\b")
_ACCOUNT_GATE = rf"(?:{labels.ACCOUNT}|(?i:aba)){labels.WORDS}{labels.SIGNS_GATE}[0-9][0-9\-]{{5}}"


def is_account(value: bytes) -> bool:
    """Whether the value of an account field or label can be an account, routing number or sort code."""
    digits = digits_of(value.decode("latin-1"))
    return 6 <= len(digits) <= 17 and len(set(digits)) > 1


def _accounts(text: bytes) -> Iterator[Found]:
    for match in _ACCOUNT.finditer(text):
        start, end = match[1]
        if is_account(text[start:end]) and stands_alone(text, start, end):
            yield Found(start, end, Kind.ACCOUNT, canonical(Kind.ACCOUNT, text[start:end].decode("latin-1")))


DETECTORS = (
    Detector("iban", ("iban",), _IBAN_GATE, _ibans),
    Detector("card", ("card",), _CARD_GATE, _cards),
    Detector("account", ("iban",), _ACCOUNT_GATE, _accounts),
)
