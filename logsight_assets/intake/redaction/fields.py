"""What the name of a field says about its value: `password`, `X-Api-Key`, `customerPhone`.

Used for attribute keys and for `key=value` in text alike, so that both treat a name in the same way.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache

from logsight_assets.intake.redaction import field_names as names
from logsight_assets.intake.redaction.expressions import compile_bytes


class Hint(Enum):
    """What a field of this name holds."""

    NONE = auto()
    SECRET = auto()  # any value is a secret
    RANDOM = auto()  # a secret if the value looks random: `token`, `secret` are also ordinary words
    CODE = auto()  # a secret if the value is four to eight digits: PIN, one-time password, CVV
    AUTHORIZATION = auto()  # a header: scheme, then the credentials
    COOKIE = auto()  # a header: name=value pairs
    PHONE = auto()
    CARD = auto()
    ACCOUNT = auto()
    IBAN = auto()
    NATIONAL_ID = auto()
    NAME = auto()
    USERNAME = auto()
    ADDRESS = auto()
    LOCATION = auto()
    BIRTH_DATE = auto()


_WORDS_OF: dict[Hint, tuple[str, ...]] = {
    Hint.SECRET: names.SECRETS,
    Hint.RANDOM: names.RANDOM,
    Hint.CODE: names.CODES,
    Hint.PHONE: names.PHONES,
    Hint.CARD: names.CARDS,
    Hint.ACCOUNT: names.ACCOUNTS,
    Hint.IBAN: ("iban",),
    Hint.NATIONAL_ID: names.NATIONAL,
    Hint.NAME: names.NAMES,
    Hint.USERNAME: names.USERNAMES,
    Hint.ADDRESS: names.ADDRESSES,
    Hint.LOCATION: names.LOCATIONS,
    Hint.BIRTH_DATE: names.BIRTH_DATES,
}
_WHOLE: dict[str, Hint] = {
    **dict.fromkeys(("authorization", "proxyauthorization"), Hint.AUTHORIZATION),
    **dict.fromkeys(("cookie", "setcookie", "cookies"), Hint.COOKIE),
}
# Longest first, so that `api_token` is strong though `token` alone is not.
_ENDINGS = sorted(((word, hint) for hint, words in _WORDS_OF.items() for word in words), key=lambda item: -len(item[0]))
# A hint that the gates' expression does not confirm is not given: what is found must have been nominated.
_NAME_OF: dict[Hint, str] = {
    **dict.fromkeys((Hint.SECRET, Hint.AUTHORIZATION, Hint.COOKIE), names.SECRET_NAME),
    Hint.RANDOM: names.RANDOM_NAME,
    Hint.CODE: names.CODE_NAME,
    Hint.PHONE: names.PHONE_NAME,
    Hint.CARD: names.CARD_NAME,
    Hint.ACCOUNT: names.ACCOUNT_NAME,
    Hint.IBAN: names.IBAN_NAME,
    Hint.NATIONAL_ID: names.NATIONAL_NAME,
    **dict.fromkeys((Hint.NAME, Hint.USERNAME, Hint.ADDRESS, Hint.LOCATION, Hint.BIRTH_DATE), names.PERSONAL_NAME),
}
_CONFIRMS = {hint: compile_bytes(rf"(?i)(?:{name}){names.NAME_REST}$") for hint, name in _NAME_OF.items()}
_ALLOWED = compile_bytes(r"[0-9A-Za-z_.\- ]{1,80}")


def words_of(name: str) -> list[str]:
    """`X-Api-Key`, `apiKey`, `API_KEY` → its words in lower case; letters and digits of ASCII only."""
    words: list[str] = []
    word = ""
    for index, char in enumerate(name):
        is_plain = char.isascii() and char.isalnum()
        before = name[index - 1] if index else ""
        starts = char.isupper() and (before.islower() or (before.isupper() and name[index + 1 : index + 2].islower()))
        if (starts or not is_plain) and word:
            words.append(word.lower())
            word = ""
        if is_plain:
            word += char
    return [*words, word.lower()] if word else words


@lru_cache(maxsize=8192)
def hint_of(name: str) -> Hint:
    """What a field of this name holds; names repeat, so answers are kept."""
    name = name.rpartition("[")[2].rstrip("]") if name.endswith("]") else name  # user[password]
    plain = name.encode("ascii", "replace")
    if not _ALLOWED.fullmatch(plain):
        return Hint.NONE
    hint = _hint_of_words(words_of(name))
    return hint if hint is not Hint.NONE and _CONFIRMS[hint].search(plain) else Hint.NONE


# Last words of names whose numbers measure or count: one in ten that is as long as a card passes the check for cards.
_TIMES = {"ns", "us", "ms", "s", "nanos", "micros", "millis", "sec", "secs", "seconds", "time", "timestamp"}
_QUANTITIES = {
    "duration",
    "latency",
    "elapsed",
    "took",
    "bytes",
    "size",
    "length",
    "count",
    "total",
    "offset",
    "sequence",
}
_MEASURES = frozenset(_TIMES | _QUANTITIES)


@lru_cache(maxsize=4096)
def is_measure(name: str) -> bool:
    """Whether a number under this name is a quantity, and so no card, phone or identity number."""
    words = words_of(name)
    return bool(words) and words[-1].lower() in _MEASURES


def _hint_of_words(words: list[str]) -> Hint:
    if not words:
        return Hint.NONE
    if words[-1] in names.ABOUT and (len(words) < 2 or words[-2] not in names.COMPLETED.get(words[-1], ())):
        return Hint.NONE
    while words and words[-1].isdigit():
        words.pop()
    joined = "".join(words)
    if not words or joined in _WHOLE:
        return _WHOLE.get(joined, Hint.NONE)
    for ending, hint in _ENDINGS:
        if joined.endswith(ending) and _starts_a_word(words, len(ending)):
            return Hint.NONE if hint in (Hint.RANDOM, Hint.SECRET) and _is_cursor(words) else hint
    if any(word.startswith("passw") for word in words) and words[-1] not in names.ABOUT:
        return Hint.SECRET
    return Hint.NONE


def _is_cursor(words: list[str]) -> bool:
    return len(words) >= 2 and words[-1] in ("token", "tokens") and words[-2] in names.CURSORS


def _starts_a_word(words: list[str], length: int) -> bool:
    """Whether the last `length` letters begin where a word does; long endings may begin inside (`dbpassword`)."""
    total = 0
    for word in reversed(words):
        total += len(word)
        if total == length:
            return True
        if total > length:
            return length >= 8
    return False
