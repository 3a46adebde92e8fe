"""Secrets that their place gives away: `key=value`, headers, URLs, command lines."""

from __future__ import annotations

from collections.abc import Iterator

from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import BEGINS, Expression, compile_bytes
from logsight_assets.intake.redaction.field_names import CODE_NAME, NAME_REST, RANDOM_NAME, SECRET_NAME
from logsight_assets.intake.redaction.fields import Hint, hint_of
from logsight_assets.intake.redaction.policy import Kind
from logsight_assets.intake.redaction.secret_values import (
    is_code,
    is_placeholder,
    is_prose,
    is_random_secret,
    value_span,
    whole_end,
)

_SEPARATOR = r"[\"'\\\]]{0,6}[ \t]{0,3}(?:=>|:=|==?|:|%3[Dd])[ \t]{0,3}"
_KEY_VALUE = compile_bytes(
    rf"(?i)[0-9A-Za-z_.\-]*(?:{SECRET_NAME}|{RANDOM_NAME}|{CODE_NAME})[0-9A-Za-z_.\-]*{_SEPARATOR}"
)
_SEPARATOR_GATE = NAME_REST + r"[\]\"'\\]*(?:\s|\\t)*(?:=|:|%3d)"
_VALUE_GATE = r"(?:[\s>=\"'\\]|\\t)*"
_KEY_VALUE_GATE = (
    rf"(?i:(?:{SECRET_NAME}){_SEPARATOR_GATE}){_VALUE_GATE}(?:[^\s>=\"'\\<]|<(?:[^S]|S[^E]))"
    rf"|(?i:(?:{RANDOM_NAME}){_SEPARATOR_GATE}){_VALUE_GATE}(?:[^\s\"'\\,;&<>]|\\/){{8}}"
    rf"|(?i:(?:{CODE_NAME}){_SEPARATOR_GATE}){_VALUE_GATE}[0-9]{{3}}"
)
_SCHEME = compile_bytes(
    r"(?i)(?:bearer|basic|digest|token|negotiate|ntlm|apikey|api-key|key|hmac|bot|splunk|ssws|genielkey"
    r"|oauth)(?:[ \t]|%20|\+)+"
)
_NO_CREDENTIALS = compile_bytes(r"(?i)(?:aws4-hmac|<|bearer$|basic$|required|header|failed|none)")
_CREDENTIALS = compile_bytes(r"[0-9A-Za-z._~+/=:%\-]+")


def _key_values(text: bytes) -> Iterator[Found]:
    position = 0
    for match in _KEY_VALUE.finditer(text):
        start, at = match[0]
        if start < position:
            continue
        hint = hint_of(_name_in(text[start:at]))
        if hint is Hint.NONE:
            continue
        for found in _HEADERS[hint](text, at) if hint in _HEADERS else _values(text, at, hint):
            position = found.end
            yield found


def _values(text: bytes, at: int, hint: Hint) -> Iterator[Found]:
    start, end, is_quoted = value_span(text, at)
    value = text[start:end]
    is_sentence = not is_quoted and text[at - 1] in b" \t" and is_prose(value)
    if is_secret_value(hint, value) and not is_sentence:
        yield Found(start, whole_end(text, at, end), Kind.SECRET, "")


def _name_in(matched: bytes) -> str:
    """The name in a match of name and separator."""
    name = matched.rstrip(b" \t=:>\"'\\]")
    return (name[:-3].rstrip(b" \t\"'\\]") if name[-3:] in (b"%3D", b"%3d") else name).decode("latin-1")


def is_secret_value(hint: Hint, value: bytes) -> bool:
    """Whether the value of a field with this hint is a secret."""
    if hint is Hint.SECRET:
        return not value.startswith(b"<SE") and not is_placeholder(value)
    if hint is Hint.RANDOM:
        return is_random_secret(value)
    return hint is Hint.CODE and is_code(value)


def _authorization(text: bytes, at: int) -> Iterator[Found]:
    """The credentials behind a header's name: all of a quoted value, else one word (two where a scheme is named)."""
    if text.find(b"<SECRET>", at, at + 24) >= 0:
        return
    start, end, is_quoted = value_span(text, at)
    scheme = _SCHEME.match(text, start)
    if scheme:
        start = scheme[0][1]
    if text[start : start + 1] in (b'"', b"'"):
        start += 1
    if text.startswith(b"<", start):
        return
    found = _CREDENTIALS.match(text, start)
    if not found:
        return
    stop = max(found[0][1], end) if scheme and is_quoted else found[0][1]
    value = text[start:stop]
    if not _NO_CREDENTIALS.match(value) and not is_placeholder(value) and not is_prose(value):
        yield Found(start, stop, Kind.SECRET, "")


def authorization_value(value: bytes) -> Found | None:
    """What of an Authorization header's value is the secret: all behind a known scheme, else all of it."""
    scheme = _SCHEME.match(value, 0)
    start = scheme[0][1] if scheme else 0
    rest = value[start:]
    if not rest or is_placeholder(rest) or _NO_CREDENTIALS.match(rest):
        return None
    return Found(start, len(value), Kind.SECRET, "")


_COOKIE_PAIR = compile_bytes(r"[0-9A-Za-z_.\-]{1,64}=([^\s;,\"'\\<>]{8,})(?:;[ \t]?)?")
_COOKIE_SETTINGS = compile_bytes(r"(?i)(?:path|domain|expires|max-age|samesite|version)=")


def _cookies(text: bytes, at: int) -> Iterator[Found]:
    """Each pair's value of a Cookie header, up to the first thing that is no pair."""
    while at < len(text) and text[at] in b"\"'\\ ":
        at += 1
    match = _COOKIE_PAIR.match(text, at)
    while match:
        if not _COOKIE_SETTINGS.match(text, match[0][0]) and is_random_secret(text[slice(*match[1])]):
            yield Found(*match[1], Kind.SECRET, "")
        match = _COOKIE_PAIR.match(text, match[0][1])


_HEADERS = {Hint.AUTHORIZATION: _authorization, Hint.COOKIE: _cookies}


def cookie_values(value: bytes) -> Iterator[Found]:
    """The secrets in a Cookie header's value."""
    return _cookies(value, 0)


_BEARER = compile_bytes(rf"(?i){BEGINS}(bearer|basic)(?:[ \t]|%20|\+|\\t)+[\"'\\]{{0,2}}([0-9A-Za-z._~+/=\-]{{6,}})")
_BEARER_GATE = r"(?i:bearer|basic)(?:[ \t\"'\\]|\\t|%20|\+)+t?[\"'\\]*[0-9A-Za-z._~+/=\-]{6}"


def _bearers(text: bytes) -> Iterator[Found]:
    """`Bearer …` and `Basic …` anywhere, if what follows is no word."""
    for match in _BEARER.finditer(text):
        value = text[slice(*match[2])]
        is_basic = text[slice(*match[1])].lower() == b"basic"
        mixed = not value.islower() and not value.istitle() and not value.isupper()
        if (is_random_secret(value) or (is_basic and mixed and len(value) >= 8)) and b"_" not in value[:1]:
            yield Found(*match[2], Kind.SECRET, "")


_URL_PASSWORD = compile_bytes(r":\\?/\\?/[^\s/\"'<>@:\\]{0,256}:([^\s/\"'<>]{1,512})@[^\s@\"'<>]")
_URL_GATE = r":\\*/\\*/[^\s/\"'<>@:]*:[^\s/\"'<>]+@[^\s@\"'<>]"


def _url_passwords(text: bytes) -> Iterator[Found]:
    for match in _URL_PASSWORD.finditer(text):
        if not is_placeholder(text[slice(*match[1])]):
            yield Found(*match[1], Kind.SECRET, "")


_CURL_USER = compile_bytes(
    r"(?i:\bcurl(?:\.exe)?\b)[^\n]*?[ \t\"'](?:-u|-U|--user"
    r"|--proxy-user)[ \t=]{0,3}[\"'\\]{0,2}([^\s:\"'\\]{0,256}:)?([^\s\"'\\]{1,512})"
)
_CURL_GATE = r"(?i:curl)[^\n]*[ \t\"'nt](?:-u|-U|--user|--proxy-user)"
_FLAG = compile_bytes(
    r"(?i)(?:^|[ \t\"'])--?(?:[0-9a-z]+[\-_])*(?:password|passwd|passphrase|secret|token|api-?key|access-?key"
    r"|secret-?key|auth)[ \t]+"
)
_FLAG_GATE = r"(?i)-(?:password|passwd|passphrase|secret|token|api-?key|access-?key|secret-?key|auth)(?:[ \t]|\\t)"


def _curl_users(text: bytes) -> Iterator[Found]:
    for match in _CURL_USER.finditer(text):
        if match[1][0] >= 0 and not is_placeholder(text[slice(*match[2])]):
            yield Found(*match[2], Kind.SECRET, "")


def _flags(text: bytes) -> Iterator[Found]:
    """`--password value` of a command line."""
    yield from _values_behind(_FLAG, text)


# SQL's `CREATE USER … IDENTIFIED BY '…'` and the .netrc form.
_PHRASE = compile_bytes(r"(?i)identified(?: with [a-z0-9_]{1,40})? by(?: password)? |login \S{1,128} password ")
_PHRASE_GATE = r"(?i:identified (?:with|by)|login \S+ password )"


def _phrases(text: bytes) -> Iterator[Found]:
    yield from _values_behind(_PHRASE, text)


def _values_behind(expression: Expression, text: bytes) -> Iterator[Found]:
    for match in expression.finditer(text):
        start, end, _ = value_span(text, match[0][1])
        value = text[start:end]
        if value[:1] != b"-" and not is_placeholder(value) and not is_prose(value):
            yield Found(start, whole_end(text, match[0][1], end), Kind.SECRET, "")


DETECTORS = (
    Detector("url_password", (), _URL_GATE, _url_passwords),
    Detector("key_value", (), _KEY_VALUE_GATE, _key_values),
    Detector("bearer", (), _BEARER_GATE, _bearers),
    Detector("curl_user", (), _CURL_GATE, _curl_users),
    Detector("flag", (), _FLAG_GATE, _flags),
    Detector("phrase", (), _PHRASE_GATE, _phrases),
)
