"""What redaction promises for every input: unnominated means unchanged, twice is once, nothing raises, time is linear.

Texts are built from fragments that detectors and gates react to, joined at random, because random characters alone
would never reach them.
"""

from __future__ import annotations

import json
import time

import duckdb
import orjson
import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.intake.redact import KeyRing, RedactionPolicy, Redactor, nomination_pattern

KEYS = KeyRing({1: b"0123456789abcdef0123456789abcdef"}, current=1)
POLICIES = (RedactionPolicy(), RedactionPolicy.everything())
REDACTORS = tuple(Redactor(policy, KEYS, "acme") for policy in POLICIES)
NOMINATIONS = tuple(re2.compile(nomination_pattern(policy)) for policy in POLICIES)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.strip("\n").split("\n"))


NAMES = _words(
    """
    password dbPassword PASSWD pwd passphrase api_key apiKey X-Api-Key token next_token accessToken
    access.token client_secret secret Authorization proxy-authorization Cookie set-cookie phone
    mobileNumber tel tel_no fax call sms card cardNumber pan cc_number iban account_number acctNo
    routing_number ssn passport taxId national_id NIF dni nhs_number pin otp cvv pass auth sig signature
    user username first_name street lat longitude dob zip sessionid session_id jsessionid private_key
    credential credentials user[password] password_2 token_type key name id value message
    """
)
VALUES = (
    "jo@example.org",
    "jo%40example.org",
    "ünï@exämple.de",
    "+49 170 1234567",
    "+1 (555) 234-5678",
    "555-234-5678",
    "(555) 234 5678",
    "0170 123 4567",
    "00491701234567",
    "06 12 34 56 78",
    "4111111111111111",
    "4111 1111 1111 1111",
    "3782 822463 10005",
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "de89370400440532013000",
    "078-05-1120",
    "078051120",
    "943 476 5919",
    "9434765919",
    "AB123456C",
    "12345678Z",
    "RSSMRA85T10A562S",
    "111.444.777-35",
    "811218-9876",
    "44051401458",
    "AKIAIOSFODNN7EXAMPLE",
    "gh" + "p_0123456789abcdefABCDEF0123456789abcd",
    "xox" + "b-123456789012-abcdefABCDEF",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "s.0123456789abcdefABCDEFgh",
    "0123456789abcdef0123456789abcdef-us12",
    "Bearer abcdef0123456789",
    "Basic dXNlcjpwYXNz",
    "hunter2",
    "(hunter2",
    "<hunter2",
    "correct horse",
    "null",
    "1234",
    "a1b2c3d4e5f6",
    "sid=abcdef0123456789; Path=/",
    "https://user:pa55@host.example/x",
    "https:\\/\\/user:pa55@host.example",
    "https://hooks.slack.com/services/T00000000/B00000000/abcdefABCDEF",
    "-----BEGIN RSA PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEAx0123456789abcdef",
    "-----END RSA PRIVATE KEY-----",
    "curl -u jo:pa55 http://x",
    "--password hunter2",
    "192.168.0.1",
    "2001:db8::1",
    "::1",
    "00:1b:44:11:3a:b7",
    "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "<EMAIL:0123456789abcdef>",
    "<SECRET>",
    "8a533bf9-bd12-4608-8a10-606890982448",
    "2023-01-29T08:42:09.487160534Z",
    "1674981729487160534",
    "6f3cbf058c2765548a39ad724905d6a1",
    "3.14159",
)
GLUE = (
    " ",
    "",
    ": ",
    "=",
    '="',
    '"',
    "'",
    ",",
    ", ",
    "\n",
    "\\n",
    "\t",
    "\\",
    '\\"',
    "/",
    "&",
    ";",
    "_",
    "-",
    ".",
    "(",
    "[",
    "<",
    ">",
    "@",
    "%",
    "+",
    "é",
    "\x08",
    "0",
    "a",
)
FRAGMENTS = st.sampled_from((*NAMES, *VALUES, *GLUE, *GLUE))
TEXTS = st.one_of(st.lists(FRAGMENTS, max_size=10).map("".join), st.text(max_size=40))
CHUNKS = st.tuples(TEXTS, st.sampled_from(VALUES), TEXTS).map("".join)
LEAVES = st.one_of(
    TEXTS,
    st.sampled_from(VALUES),
    st.integers(-(10**20), 10**20),
    st.sampled_from((4111111111111111, 491701234567, 78051120, 9434765919, 1234)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
KEYS_OF_OBJECTS = st.one_of(st.sampled_from(NAMES), TEXTS)
DOCUMENTS = st.dictionaries(
    KEYS_OF_OBJECTS,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS_OF_OBJECTS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


def _spellings(document: object) -> list[str]:
    """The same document as different writers spell it."""
    ascii_only = json.dumps(document)
    spellings = [
        ascii_only,
        ascii_only.replace("/", "\\/"),
        json.dumps(document, indent=1, ensure_ascii=False),
        json.dumps(document).replace("@", "\\u0040"),
    ]
    return [*spellings, json.dumps(document, ensure_ascii=False, separators=(",", ":"))]


@pytest.mark.parametrize("index", range(len(POLICIES)), ids=["default", "everything"])
@given(text=st.one_of(TEXTS, CHUNKS))
@settings(max_examples=150, deadline=None)
def test_a_text_that_is_not_nominated_is_returned_as_it_is(index: int, text: str) -> None:
    try:
        nominated = NOMINATIONS[index].search(text) is not None
    except UnicodeEncodeError:
        return
    if not nominated:
        assert REDACTORS[index].text(text) is text


@pytest.mark.parametrize("index", range(len(POLICIES)), ids=["default", "everything"])
@given(document=DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_attributes_that_are_not_nominated_are_returned_as_they_are(index: int, document: dict[str, object]) -> None:
    for spelling in _spellings(document):
        try:
            nominated = NOMINATIONS[index].search(spelling) is not None
        except UnicodeEncodeError:
            continue
        redacted = REDACTORS[index].attributes(spelling)
        if not nominated:
            assert redacted is spelling
        json.loads(redacted)


@pytest.mark.parametrize("index", range(len(POLICIES)), ids=["default", "everything"])
@given(text=st.one_of(TEXTS, CHUNKS))
@settings(max_examples=150, deadline=None)
def test_redacting_twice_is_redacting_once(index: int, text: str) -> None:
    once = REDACTORS[index].text(text)
    assert REDACTORS[index].text(once) is once


@pytest.mark.parametrize("index", range(len(POLICIES)), ids=["default", "everything"])
@given(document=DOCUMENTS)
@settings(max_examples=100, deadline=None)
def test_redacting_attributes_twice_is_redacting_once(index: int, document: dict[str, object]) -> None:
    once = REDACTORS[index].attributes(json.dumps(document))
    assert REDACTORS[index].attributes(once) is once


@given(text=st.text(alphabet=st.characters(codec=None), max_size=60), cut=st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_no_text_raises(text: str, cut: int) -> None:
    for redactor in REDACTORS:
        redactor.text(text)
        redactor.attributes(text)
        redactor.attributes('{"password":"hunter2","a":"' + text)
        redactor.attributes(json.dumps({"phone": text, text: text})[:cut])


def test_deep_json_does_not_raise() -> None:
    deep = '{"password":' * 3000 + '"hunter2"' + "}" * 3000
    assert "hunter2" not in REDACTORS[0].attributes(deep)
    assert REDACTORS[0].attributes("[" * 100_000).startswith("[[[")


@pytest.mark.parametrize("index", range(len(POLICIES)), ids=["default", "everything"])
def test_duckdb_and_re2_nominate_the_same_texts(index: int) -> None:
    texts = [*VALUES, *NAMES, *(f"{name}={value}" for name in NAMES for value in VALUES[::5])]
    database = duckdb.connect()
    database.execute("create table texts (place integer, body varchar)")
    database.executemany("insert into texts values (?, ?)", list(enumerate(texts)))
    query = "select place from texts where regexp_matches(body, ?) order by place"
    rows = database.execute(query, [nomination_pattern(POLICIES[index])]).fetchall()
    assert [row[0] for row in rows] == [place for place, text in enumerate(texts) if NOMINATIONS[index].search(text)]


# One repeated piece a line, each the worst that one detector or gate could meet.
HOSTILE = _lines(
    r"""
@
1
4
a.
a@
a@b.
-----BEGIN
-----BEGIN RSA PRIVATE KEY-----
-----END RSA PRIVATE KEY-----
password=
token:
eyJ
+1
+491701234567
://a:
://a:b@
\"
Bearer
Authorization:
Cookie: a=
curl
curl -u a:b
--password
AKIA
4111
1.
::
0:
<SECRET>
<
DE89
jo@example.org
password=hunter2
078-05-1120
ssn
A
[
\u0040
%40
é
"""
)
HOSTILE += tuple(piece + " " for piece in HOSTILE)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_text_of_anything_takes_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        start = time.process_time()
        for redactor in REDACTORS:
            redactor.text(text)
        return time.process_time() - start

    small = seconds(1 << 15)
    # Eight times the text: a quadratic step would take 64 times as long. The constant covers a busy machine.
    assert seconds(1 << 18) < 24 * small + 0.5


def test_the_pattern_is_free_of_what_engines_disagree_on() -> None:
    for policy in POLICIES:
        pattern = nomination_pattern(policy)
        assert pattern.isascii()
        assert not re2.search(r"\(\?[=!<]", pattern)
        assert len(orjson.dumps(pattern)) < 20_000
