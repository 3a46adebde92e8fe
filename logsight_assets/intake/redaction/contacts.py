"""E-mail addresses and phone numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from logsight_assets.intake.redaction import labels
from logsight_assets.intake.redaction.canonical import canonical, digits_of
from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import (
    GATE_BEGINS,
    compile_bytes,
    is_in_row,
    is_word_at,
    stands_alone,
)
from logsight_assets.intake.redaction.policy import Kind

# `=`, `/`, `'` and others are legal in a local part, but in a log they delimit it; what stays of a name is little.
_EMAIL = compile_bytes(
    r"(?:[0-9A-Za-z._+\-]|[^\x00-\x7f]|%2[BbDdEe]|%5[Ff])+(?:@|%40|&#64;|\\u0040)(?:[0-9A-Za-z\-]"
    r"|[^\x00-\x7f])(?:[0-9A-Za-z.\-]|[^\x00-\x7f])*"
)
_AT_SIGNS = (b"@", b"%40", b"&#64;", b"\\u0040")
ENCODED_AT_SIGN = "%40|&#64;"  # the third is an escape, for which all gates together have one of their own
_EMAIL_GATE = (
    r"(?:[0-9A-Za-z._+\-]|[^\x00-\x7f])(?:@|%40|&#64;|\\+u0040)(?:[0-9A-Za-z.\-]"
    r"|[^\x00-\x7f])*\.(?:[A-Za-z]|[^\x00-\x7f])"
)

# Last words behind an @ that make it a file, a unit of systemd, or code, and that are no domain of the public root.
_FILE_ENDINGS = frozenset(
    b"class conf css csv device exe gif gz html ico jar java jpeg jpg js json jsx log map mount path png rpm scope "
    b"service slice socket svg swap target tar tgz timer ts tsx txt war webp whl xml yaml yml".split()
)
# Accounts of machines: `git clone git@github.com:…` names no person.
_MACHINE_USERS = frozenset((b"git",))


# What the expression's parts are made of where nothing is encoded; frequent letters first, as they are tried in order.
_WORD = b"etaoinsrhldcumfpgwybvkxjqz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" + bytes(range(0x80, 0x100))
_LOCAL, _DOMAIN = _WORD + b"._+-", _WORD + b".-"


def emails(text: bytes) -> list[Found]:
    """The addresses in a text, in order; none touches another, nor a token."""
    found = []
    is_plain = 0x25 not in text and 0x26 not in text and 0x5C not in text  # % & and backslash
    for start, local, domain, end in _plain_addresses(text) if is_plain else _addresses(text):
        kind = _domain_kind(domain) if len(domain) < _LONGEST_KEPT else _domain_kind.__wrapped__(domain)
        if kind is _NO_DOMAIN or not local or local in _MACHINE_USERS or (kind is _HASH and b"." in local):
            continue
        entity = canonical(Kind.EMAIL, (local + b"@" + domain).decode("utf-8", "replace"))
        found.append(Found(start, end, Kind.EMAIL, entity))
    return found


def _plain_addresses(text: bytes) -> list[tuple[int, bytes, bytes, int]]:
    """What the expression matches where nothing is encoded, at a third of its price: start, parts, end.

    Cut at the signs: what stands between two of them begins with a domain and ends with the next local part.
    """
    addresses = []
    before, *others = text.split(b"@")
    at = len(before)
    for behind in others:
        length = 0
        local = before[len(before.rstrip(_LOCAL)) :]
        if local and not behind.startswith(b"."):
            length = len(behind) - len(behind.lstrip(_DOMAIN))
            local, domain = local.lstrip(b".-+"), behind[:length].rstrip(b".-")
            addresses.append((at - len(local), local, domain, at + 1 + len(domain)))
        before = behind[length:]
        at += 1 + len(behind)
    return addresses


def _addresses(text: bytes) -> Iterator[tuple[int, bytes, bytes, int]]:
    for match in _EMAIL.finditer(text):
        start, end = match[0]
        for sign in _AT_SIGNS:
            at = text.find(sign, start, end)
            if at >= 0:
                break
        if sign != b"@":
            start = max(start, text.rfind(b"+", start, at) + 1)  # in encoded text a plus is a blank
        start = _email_start(text, start)
        domain = text[at + len(sign) : end].rstrip(b".-")
        yield start, text[start:at], domain, at + len(sign) + len(domain)


def _email_start(text: bytes, start: int) -> int:
    """The local part without what only looks like its beginning: `%20john`, a printed `\\njohn`, `-john`, `.john`."""
    if start and text[start - 1] == 0x25 and is_word_at(text, start) and is_word_at(text, start + 1):
        start += 2
    elif start and text[start - 1] == 0x5C and text[start] in b"nrt":
        start += 1
    while text[start] in b".-+":
        start += 1
    return start


# What stands behind a sign. A hash is `1b2c3d4.method`: behind a name with a dot it is an object of Java.
_DomainKind = Literal["none", "hash", "good"]
_NO_DOMAIN: Final = "none"
_HASH: Final = "hash"
# Longer ones are judged anew each time: bounds the memory of hostile text.
_LONGEST_KEPT = 256


@lru_cache(maxsize=4096)
def _domain_kind(domain: bytes) -> _DomainKind:
    head, _, tail = domain.rpartition(b".")
    label = head.partition(b".")[0]
    # A label of digits: a package with a version, `pkg@1.2.3-rc.beta`.
    if not head or not _is_top_domain(tail) or b".." in domain or label.isdigit():
        return _NO_DOMAIN
    is_hash = 5 <= len(label) <= 8 and not label.strip(b"0123456789abcdef") and not label.isalpha()
    return _HASH if is_hash else "good"


def _is_top_domain(tail: bytes) -> bool:
    if tail.startswith(b"xn--"):
        return len(tail) <= 63
    if not 2 <= len(tail) <= 24 or tail.lower() in _FILE_ENDINGS:
        return False
    return tail.isalpha() or (any(byte >= 0x80 for byte in tail) and not any(0x30 <= byte <= 0x39 for byte in tail))


_PLUS = r"(?:\+|%2[Bb])"
_SEPARATOR = r"[ .\-/()]{0,3}"
_PHONE_INTERNATIONAL = rf"(?:{_PLUS}|\b00)[ (]{{0,2}}[1-9][0-9]{{0,3}}(?:{_SEPARATOR}[0-9]{{1,9}}){{1,7}}"
_PHONE_NORTH_AMERICA = r"(?:\b1[ .\-])?(?:\([2-9][0-9]{2}\)[ .\-]{0,2}|\b[2-9][0-9]{2}[.\-])[0-9]{3}[ .\-][0-9]{4}\b"
_PHONE_TRUNK = r"\b0[1-9][0-9]{1,3}[ /\-][0-9]{3,4}[ \-]?[0-9]{3,4}\b|\b0[1-9](?:[ .\-][0-9]{2}){4}\b"
_PHONE_BRACKETED = r"\([0-9]{2,5}\)[ \-]?[0-9]{3,5}[ \-][0-9]{3,5}\b"
_PHONE = compile_bytes(rf"{_PHONE_INTERNATIONAL}|{_PHONE_NORTH_AMERICA}|{_PHONE_TRUNK}|{_PHONE_BRACKETED}")
_PHONE_GATE = (
    rf"(?:{_PLUS}|{GATE_BEGINS}00)[ (]{{0,2}}[1-9][0-9 .\-/()]{{6}}[0-9 .\-/()]*[0-9]"
    rf"|{GATE_BEGINS}[2-9][0-9]{{2}}(?:\)[ .\-]{{0,2}}|[.\-])[0-9]{{3}}[ .\-][0-9]{{4}}(?:$|[^0-9])"
    rf"|{GATE_BEGINS}0[1-9][0-9]{{1,3}}[ /\-][0-9]{{3,4}}[ \-]?[0-9]{{3,4}}(?:$|[^0-9])"
    rf"|{GATE_BEGINS}0[1-9](?:[ .\-][0-9]{{2}}){{4}}(?:$|[^0-9])"
    r"|\([0-9]{2,5}\)[ \-]?[0-9]{3,5}[ \-][0-9]{3}"
)

# ITU-T E.164 country codes by length: one digit 1 and 7; these two-digit ones; all others have three.
_TWO_DIGIT_CODES = frozenset(
    str(code)
    for first, last in ((20, 20), (27, 27), (30, 34), (36, 36), (39, 41), (43, 49), (51, 58), (60, 66), (81, 82))
    for code in range(first, last + 1)
) | {"84", "86", "90", "91", "92", "93", "94", "95", "98"}
_JOINS_PHONE = frozenset(b".-:")


def _phones(text: bytes) -> Iterator[Found]:
    for match in _PHONE.finditer(text):
        start, end = match[0]
        spelled = text[start:end].decode("latin-1")
        if spelled[0] in "+%" or spelled.startswith("00"):
            spelled = _first_number(spelled)
            end = start + len(spelled)
            is_good = _is_international(text, start, spelled) and not (
                spelled[0] == "0" and is_in_row(text, start, end)
            )
        else:
            is_good = not is_in_row(text, start, end)
        if is_good and stands_alone(text, start, end, _JOINS_PHONE):
            yield Found(start, end, Kind.PHONE, canonical(Kind.PHONE, spelled))


def _first_number(spelled: str) -> str:
    """The groups that fit into the fifteen digits of E.164; what follows behind a blank is another number."""
    while len(digits_of(spelled)) > 15 and " " in spelled:
        spelled = spelled.rpartition(" ")[0].rstrip(" .-/()")
    return spelled


def _is_international(text: bytes, start: int, spelled: str) -> bool:
    """A number that E.164 allows; without separators it needs ten digits, since `+12345678` is often a difference."""
    digits = digits_of(spelled.replace("%2B", "+").replace("%2b", "+").replace("(0)", ""))
    plus = not spelled.startswith("00")
    if not plus:
        digits = digits[2:]
    elif start and (is_word_at(text, start - 1) or text[start - 1] in b"+-.") and spelled[0] == "+":
        return False
    if not 8 <= len(digits) <= 15:
        return False
    is_separated = any(char in " .-/()" for char in spelled.strip("+ "))
    if digits[0] == "1":
        return len(digits) == 11 and digits[1] >= "2" and digits[4] >= "2"
    if digits[0] == "7":
        return len(digits) == 11
    if not plus and not is_separated and digits[:2] not in _TWO_DIGIT_CODES:
        return False
    return is_separated or len(digits) >= 10


_NUMBER = r"\+?[(]?[0-9][0-9 ().\-/]{5,20}[0-9]"
_LABELLED = compile_bytes(
    rf"(?:{labels.PHONE_LONG}|(?:\b|_){labels.PHONE_SHORT}){labels.WORDS}{labels.SIGNS}({_NUMBER})"
)
_LABELLED_GATE = (
    rf"(?:{labels.PHONE_LONG}|{labels.PHONE_SHORT}){labels.WORDS}{labels.SIGNS_GATE}\+?[(]?[0-9][0-9 ().\-/]{{6}}"
)
_PHONE_VALUE = compile_bytes(_NUMBER)
_DATE_LIKE = compile_bytes(
    r"(?:19|20)[0-9]{2}[-/.]?[01][0-9][-/.]?[0-3][0-9].*|[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"
)


def is_phone_value(value: bytes) -> bool:
    """Whether the value of a phone field or label can be a number that somebody dials."""
    is_number = _PHONE_VALUE.fullmatch(value) and not _DATE_LIKE.fullmatch(value)
    return is_number and 7 <= len(digits_of(value.decode("latin-1"))) <= 15


def _labelled_phones(text: bytes) -> Iterator[Found]:
    for match in _LABELLED.finditer(text):
        start, end = match[1]
        value = text[start:end]
        if is_phone_value(value) and not is_word_at(text, end) and text[end : end + 1] != b":":
            yield Found(start, end, Kind.PHONE, canonical(Kind.PHONE, value.decode("latin-1")))


EMAIL = Detector("email", ("email",), _EMAIL_GATE, emails)
DETECTORS = (
    EMAIL,
    Detector("phone", ("phone",), _PHONE_GATE, _phones),
    Detector("phone_label", ("phone",), _LABELLED_GATE, _labelled_phones),
)
