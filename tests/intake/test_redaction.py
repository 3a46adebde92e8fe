"""What redaction finds, what it leaves, what its tokens are, and how attributes are read.

Literals that secret scanners would take for live credentials are put together here from two parts.
"""

from __future__ import annotations

import json

import pytest
import re2

from logsight_assets.errors import ConfigurationError
from logsight_assets.intake.redact import KeyRing, Kind, RedactionPolicy, Redactor, nomination_pattern
from logsight_assets.intake.redaction.expressions import Expression

KEYS = KeyRing({1: b"first master secret of the lake..", 2: b"second master secret of the lake."}, current=1)
DEFAULT = Redactor(RedactionPolicy(), KEYS, "acme")
EVERYTHING = Redactor(RedactionPolicy.everything(), KEYS, "acme")
TOKEN = re2.compile(r"<([A-Z_]+)(?::[0-9][0-9a-f]{15})?>")
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0123456789abcdefghij\nq83vEjRWeJCrze8SNFZ4kKvN7w==\n"
PEM_END = "-----END RSA PRIVATE KEY-----"


def shape(text: str) -> str:
    """A redacted text with the digits of its tokens left out."""
    return str(TOKEN.sub(r"<\1>", text))


CONTACTS = {
    "email": ("login of jo.doe+x@mail.example.org failed", "login of <EMAIL> failed"),
    "email, sentence end": ("write to jo@example.org.", "write to <EMAIL>."),
    "email, angle brackets": ("From: Jo <jo@example.org>", "From: Jo <<EMAIL>>"),
    "email, percent-encoded": ("GET /u?mail=jo%40example.org&x=1", "GET /u?mail=<EMAIL>&x=1"),
    "email behind an encoded blank": ("q=mail+to%20jo%40example.org", "q=mail+to%20<EMAIL>"),
    "email behind a printed line feed": ("a\\njo@example.org", "a\\n<EMAIL>"),
    "email, other script": ("用户 jörg@exämple.de 登录", "用户 <EMAIL> 登录"),
    "phone, international": ("sms to +49 170 1234567 sent", "sms to <PHONE> sent"),
    "phone, bracketed zero": ("call +44 (0)20 7946 0958", "call <PHONE>"),
    "phone, no separators": ("dial +4917012345678 now", "dial <PHONE> now"),
    "phone, 00 prefix": ("from 0049 30 1234567", "from <PHONE>"),
    "phone, North America": ("fallback (555) 234-5678 used", "fallback <PHONE> used"),
    "phone, hyphens": ("user 555-234-5678 left", "user <PHONE> left"),
    "phone, bracketed area": ("ligue (11) 98456-5666 ja", "ligue <PHONE> ja"),
    "phone, trunk zero": ("Tel 020 7946 0958", "Tel <PHONE>"),
    "phone, French pairs": ("joindre 06 12 34 56 78 svp", "joindre <PHONE> svp"),
    "phone, labelled": ("phoneNumber=5552345678,", "phoneNumber=<PHONE>,"),
    "phone, URL-encoded plus": ("to=%2B491701234567&", "to=<PHONE>&"),
}
PAYMENTS = {
    "card": ("paid with 4111111111111111 today", "paid with <CARD> today"),
    "card, grouped": ("card 5500-0055-5555-5559", "card <CARD>"),
    "card, Amex groups": ("3782 822463 10005", "<CARD>"),
    "card, UnionPay labelled": ("card no: 6250947000000014", "card no: <CARD>"),
    "iban": ("to DE89370400440532013000 now", "to <IBAN> now"),
    "iban, groups": ("GB82 WEST 1234 5698 7654 32", "<IBAN>"),
    "iban, letters at the end": ("MT84 MALT 0110 0001 2345 MTLC AST0 01S.", "<IBAN>."),
    "iban, small letters": ("iban=fr1420041010050500013m02606", "iban=<IBAN>"),
    "account": ("bank account number: 12345678901", "bank account number: <ACCOUNT>"),
}
NATIONAL = {
    "US SSN": ("applicant 078-05-1120 ok", "applicant <NATIONAL_ID> ok"),
    "US ITIN": ("itin 912-70-1234", "itin <NATIONAL_ID>"),
    "US SSN, plain with label": ("ssn=078051120", "ssn=<NATIONAL_ID>"),
    "passport": ("passport no. C01234567", "passport no. <NATIONAL_ID>"),
    "UK insurance number": ("NI AB 12 34 56 C", "NI <NATIONAL_ID>"),
    "UK health number": ("patient 943 476 5919", "patient <NATIONAL_ID>"),
    "Spain": ("dni 12345678Z", "dni <NATIONAL_ID>"),
    "Spain, foreigner": ("X1234567L", "<NATIONAL_ID>"),
    "Italy": ("cf RSSMRA85T10A562S", "cf <NATIONAL_ID>"),
    "Brazil": ("cpf 111.444.777-35", "cpf <NATIONAL_ID>"),
    "Sweden": ("811218-9876", "<NATIONAL_ID>"),
    "Finland": ("131052-308T", "<NATIONAL_ID>"),
    "Singapore": ("S1234567D", "<NATIONAL_ID>"),
    "India, card": ("2341 2341 2346", "<NATIONAL_ID>"),
    "India, tax": ("pan ABCPE1234F", "pan <NATIONAL_ID>"),
    "China": ("11010519491231002X", "<NATIONAL_ID>"),
    "Switzerland": ("756.1234.5678.97", "<NATIONAL_ID>"),
    "Belgium": ("85.07.30-033.28", "<NATIONAL_ID>"),
    "Poland, labelled": ("PESEL: 44051401458", "PESEL: <NATIONAL_ID>"),
}
SECRETS = {
    "password": ("connect password=hunter2 ok", "connect password=<SECRET> ok"),
    "password in JSON text": ('{"user":"jo","password":"a b\\"c"}', '{"user":"jo","password":"<SECRET>"}'),
    "password in escaped JSON": ('msg="{\\"password\\":\\"hunter2\\"}"', 'msg="{\\"password\\":\\"<SECRET>\\"}"'),
    "password, form": ("user=jo&passwd=hunter2&x=1", "user=jo&passwd=<SECRET>&x=1"),
    "password, Rails": ("user[password]=hunter2", "user[password]=<SECRET>"),
    "password, YAML": ("db_password: hunter2", "db_password: <SECRET>"),
    "password, cut": ('{"password":"hunter', '{"password":"<SECRET>'),
    "api key": ("X-Api-Key: abc123def", "X-Api-Key: <SECRET>"),
    "token": ("token=9f8e7d6c5b4a", "token=<SECRET>"),
    "pin": ("pin=4711", "pin=<SECRET>"),
    "bearer": ("Authorization: Bearer abc.def-123", "Authorization: Bearer <SECRET>"),
    "basic": ('-H "Authorization: Basic dXNlcjpwYXNz"', '-H "Authorization: Basic <SECRET>"'),
    "authorization without scheme": ("authorization=deadbeef0123", "authorization=<SECRET>"),
    "cookie": ("Cookie: sid=abc123def456; theme=dark", "Cookie: sid=<SECRET>; theme=dark"),
    "URL": ("postgres://app:pa%40ss@db:5432/x", "postgres://app:<SECRET>@db:5432/x"),
    "URL, escaped slashes": ("https:\\/\\/app:pass@host", "https:\\/\\/app:<SECRET>@host"),
    "URL without user": ("redis://:pa55@cache", "redis://:<SECRET>@cache"),
    "curl": ("curl -s -u 'jo:pa55' http://x", "curl -s -u 'jo:<SECRET>' http://x"),
    "flag": ("run --db-password hunter2 --port 1", "run --db-password <SECRET> --port 1"),
    "SQL": ("CREATE USER app IDENTIFIED BY 'pa55'", "CREATE USER app IDENTIFIED BY '<SECRET>'"),
    "netrc": ("machine h login jo password pa55", "machine h login jo password <SECRET>"),
    "AWS": ("key AKIA" + "IOSFODNN7EXAMPLE", "key <SECRET>"),
    "GitHub": ("gh" + "p_0123456789abcdefABCDEF0123456789abcd", "<SECRET>"),
    "GitLab": ("gl" + "pat-0123456789abcdefABCD", "<SECRET>"),
    "Slack": ("xo" + "xb-123456789012-abcdefABCDEF", "<SECRET>"),
    "Slack webhook": (
        "https://hooks.slack" + ".com/services/T00000000/B00000000/abcdefABCDEF0123",
        "https://hooks.slack.com/services/<SECRET>",
    ),
    "Stripe": ("sk" + "_live_0123456789abcdef", "<SECRET>"),
    "Google": ("AI" + "zaSyA0123456789abcdefABCDEF0123456789", "<SECRET>"),
    "OpenAI": ("sk" + "-proj-0123456789abcdefABCDEF", "<SECRET>"),
    "Vault": ("hv" + "s.0123456789abcdefABCDEF", "<SECRET>"),
    "Mailchimp": ("0123456789abcdef0123456789abcdef" + "-us12", "<SECRET>"),
    "Telegram": ("1234567890:AA" + "0123456789abcdefABCDEF0123456789a", "<SECRET>"),
    "Discord": ("N" + "zI0123456789abcdefABCDE.GaBcDe.0123456789abcdefABCDEF01234", "<SECRET>"),
    "JWT": ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end", "jwt <SECRET> end"),
    "JWT behind a printed line feed": ("\\neyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "\\n<SECRET>"),
    "private key": (f"read {PEM}{PEM_END} ok", "read <SECRET> ok"),
    "private key, printed line feeds": (f"read {PEM}{PEM_END}".replace("\n", "\\n"), "read <SECRET>"),
    "private key, cut": (f"read {PEM}", "read <SECRET>\n"),
    "private key, beginning cut": (f"q83vEjRWeJCrze8SNFZ4kKvN7w==\n{PEM_END} ok", "<SECRET> ok"),
}
KEPT = {
    "hexadecimal ids": "TraceID: 93bead877ae15b6d9cdf1c1569881314 SpanID: fb9a22c5920d909b",
    "a span id without letters": "SpanID: 5011754471853893 [collect]",
    "UUID": "id=8a533bf9-bd12-4608-8a10-606890982448",
    "times": "2023-01-29T08:42:09.487160534Z 1675002129487160534 1675002129 2023-01-29 08:42:09,487 +0200",
    "versions": "v1.22.333.4444 2.0.0-rc.1+build.20230129 chrome/108.0.5359.124",
    "numbers": "rows=1234567890 bytes=10485760B took 122.49999999999999 ms rc=-2147483648",
    "a table row": "  512 234 1024 4096  33 44 55 66 77",
    "address and port": "10.244.3.17:50834 -> [2001:db8::1]:443 mac 00:1b:44:11:3a:b7",
    "Java": "at o.a.c.h.Http11Processor.service(Http11Processor.java:374) com.acme.User@1b2c3d4e.run",
    "SQL": "SELECT t0.id, t0.password FROM users t0 WHERE t0.id = ? AND t0.token IS NULL",
    "prose about passwords": "Invalid password: must have 8 characters; password is required; token: expected",
    "counts of tokens": "max_tokens=4096 total_tokens: 1200 next_token=abc123def456 token_type=bearer",
    "placeholders": "password=**** secret=${DB_SECRET} token=<token> apikey=null",
    "package and git": "left-pad@1.3.0 git@github.com:acme/app.git getty@tty1.service icon@2x.png",
    "basic words": "Basic authentication failed; Bearer authentication required",
    "a class name like a key": "s.c.PreserveOtherServiceImpl task-0123456789abcdefghij",
    "a card that fails its check": "4111111111111112",
    "an IBAN that fails its check": "DE89370400440532013001",
    "a number never issued": "000-12-3456 666-12-3456 GB123456A",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(*case, id=name) for cases in (CONTACTS, PAYMENTS, NATIONAL, SECRETS) for name, case in cases.items()],
)
def test_the_usual_kinds_are_replaced_and_their_surroundings_stay(text: str, expected: str) -> None:
    redacted = DEFAULT.text(text)
    assert shape(redacted) == expected
    assert DEFAULT.text(redacted) is redacted


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in KEPT.items()])
def test_ordinary_log_text_is_returned_as_it_is(text: str) -> None:
    assert DEFAULT.text(text) is text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("client 10.0.0.1:443", "client <IP>:443"),
        ("from 2001:db8::8a2e:370:7334 ok", "from <IP> ok"),
        ("::ffff:10.0.0.1", "<IP>"),
        ("mac 00-1B-44-11-3A-B7", "mac <MAC>"),
        ("username=jo login", "username=<USERNAME> login"),
        ("dob: 1970-01-01", "dob: <BIRTH_DATE>"),
        ("pay 1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "pay <WALLET>"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "<WALLET>"),
        ("rejected 44051401458", "rejected <NATIONAL_ID>"),
    ],
)
def test_addresses_and_weak_evidence_are_a_choice(text: str, expected: str) -> None:
    assert DEFAULT.text(text) is text
    assert shape(EVERYTHING.text(text)) == expected


@pytest.mark.parametrize("switch", ["email", "phone", "card", "iban", "national_id"])
def test_a_kind_that_is_turned_off_stays(switch: str) -> None:
    text = "jo@example.org +49 170 1234567 4111111111111111 DE89370400440532013000 078-05-1120 password=x1"
    every = DEFAULT.text(text)
    fewer = Redactor(RedactionPolicy.from_mapping({switch: False}), KEYS, "acme").text(text)
    assert len(TOKEN.findall(fewer)) == len(TOKEN.findall(every)) - 1
    assert fewer.endswith("password=<SECRET>")


def test_a_policy_names_what_it_does_not_know() -> None:
    with pytest.raises(ConfigurationError, match=r"redaction\.emial.*email"):
        RedactionPolicy.from_mapping({"emial": True})
    with pytest.raises(ConfigurationError, match=r"redaction\.ip: 'yes'"):
        RedactionPolicy.from_mapping({"ip": "yes"})


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (Kind.EMAIL, ["jo@example.org", "Jo@Example.ORG", "jo%40example.org"]),
        (Kind.PHONE, ["+49 170 1234567", "+491701234567", "0049 170 1234567"]),
        (Kind.PHONE, ["(555) 234-5678", "+1 555 234 5678", "1-555-234-5678"]),
        (Kind.CARD, ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"]),
        (Kind.IBAN, ["DE89370400440532013000", "DE89 3704 0044 0532 0130 00"]),
        (Kind.NATIONAL_ID, ["AB123456C", "AB 12 34 56 C"]),
        (Kind.IP, ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"]),
        (Kind.MAC, ["00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7"]),
    ],
)
def test_an_entity_has_one_token_however_it_is_written(kind: Kind, spellings: list[str]) -> None:
    found = {EVERYTHING.text(spelling) for spelling in spellings}
    assert found == {KEYS.tokens_for(spellings[0], kind, "acme")[-1]}


def test_a_token_is_delimited_and_starts_with_a_digit() -> None:
    tokens = [DEFAULT.text(f"user{number}@example.org") for number in range(200)]
    assert all(re2.fullmatch(r"<EMAIL:[0-9][0-9a-f]{15}>", token) for token in tokens)
    assert len(set(tokens)) == 200


def test_tokens_of_two_tenants_cannot_be_joined() -> None:
    other = Redactor(RedactionPolicy(), KEYS, "globex")
    assert other.text("jo@example.org") != DEFAULT.text("jo@example.org")


def test_a_rotation_changes_tokens_and_a_search_finds_both() -> None:
    rotated = Redactor(RedactionPolicy(), KeyRing(KEYS.masters, current=2), "acme")
    old, new = DEFAULT.text("jo@example.org"), rotated.text("jo@example.org")
    assert (DEFAULT.key_version, rotated.key_version) == (1, 2)
    assert old != new
    assert KEYS.tokens_for("JO@example.org", Kind.EMAIL, "acme") == [new, old]
    assert KEYS.tokens_for("hunter2", Kind.SECRET, "acme") == []


def test_keys_are_checked_and_never_shown() -> None:
    with pytest.raises(ConfigurationError, match="version 3 is current"):
        KeyRing({1: b"x" * 32}, current=3)
    with pytest.raises(ConfigurationError, match="version 1 is shorter"):
        KeyRing({1: b"short"}, current=1)
    assert "master secret" not in repr(KEYS)
    assert KEYS.tenant_key("acme") != KEYS.tenant_key("acme", 2)


ATTRIBUTES = {
    "secret by name": ({"password": "x", "n": 1}, {"password": "<SECRET>", "n": 1}),
    "secret number": ({"pin": 4711, "password": 12345}, {"pin": "<SECRET>", "password": "<SECRET>"}),
    "list of secrets": ({"passwords": ["a"], "n": ["a"]}, {"passwords": ["<SECRET>"], "n": ["a"]}),
    "nested": ({"a": {"b": ["jo@example.org"]}}, {"a": {"b": ["<EMAIL>"]}}),
    "phone by name": ({"customerPhone": "5552345678"}, {"customerPhone": "<PHONE>"}),
    "phone as a number": ({"mobile": 491701234567}, {"mobile": "<PHONE>"}),
    "card as a number": ({"x": 4111111111111111}, {"x": "<CARD>"}),
    "ssn by name": ({"ssn": "078051120"}, {"ssn": "<NATIONAL_ID>"}),
    "a key that is personal": ({"jo@example.org": 1}, {"<EMAIL>": 1}),
    "header": ({"Authorization": "Basic dXNlcjpwYXNz"}, {"Authorization": "Basic <SECRET>"}),
    "cookie": ({"cookie": "sid=abc123def456; a=b"}, {"cookie": "sid=<SECRET>; a=b"}),
    "JSON in JSON": ({"m": '{"password":"hunter2"}'}, {"m": '{"password":"<SECRET>"}'}),
    "cursor": ({"next_token": "abc123def456"}, None),
    "token count": ({"total_tokens": 1234, "password_policy": "strict"}, None),
    "ordinary": ({"status": 200, "path": "/api", "duration": 1.5, "ok": True, "none": None}, None),
}


@pytest.mark.parametrize(("before", "after"), [pytest.param(*case, id=name) for name, case in ATTRIBUTES.items()])
def test_attributes_are_read_with_their_names(before: dict[str, object], after: dict[str, object] | None) -> None:
    text = json.dumps(before)
    redacted = DEFAULT.attributes(text)
    if after is None:
        assert redacted is text
    else:
        assert json.loads(shape(redacted)) == after
        assert shape(redacted) == json.dumps(after, separators=(",", ":"))


def test_escapes_in_attributes_hide_nothing() -> None:
    assert shape(DEFAULT.attributes('{"m":"jo\\u0040example.org"}')) == '{"m":"<EMAIL>"}'
    assert DEFAULT.attributes('{"pass\\u0077ord":"x"}') == '{"password":"<SECRET>"}'
    assert shape(DEFAULT.attributes('{"m":"a\\njo@example.org"}')) == '{"m":"a\\n<EMAIL>"}'


def test_two_secrets_as_keys_stay_two_attributes() -> None:
    keys = ["AKIA" + "IOSFODNN7EXAMPLE", "AKIA" + "IOSFODNN7EXAMPL2"]
    assert DEFAULT.attributes(json.dumps(dict.fromkeys(keys, 1))) == '{"<SECRET>":1,"<SECRET>_":1}'


def test_long_integers_keep_their_digits() -> None:
    text = '{"id":123456789012345678901234567890,"mail":"jo@example.org"}'
    assert shape(DEFAULT.attributes(text)) == '{"id":123456789012345678901234567890,"mail":"<EMAIL>"}'


def test_what_is_no_json_is_redacted_as_text() -> None:
    assert shape(DEFAULT.attributes('{"mail":"jo@example.org"')) == '{"mail":"<EMAIL>"'


def test_a_long_secret_goes_whole() -> None:
    assert DEFAULT.text("token=" + "a1b2c3d4" * 5000 + " end") == "token=<SECRET> end"
    assert DEFAULT.text('password="' + "x y " * 5000 + '" end') == 'password="<SECRET>" end'


def test_ordinary_lines_are_not_nominated() -> None:
    nominate = re2.compile(nomination_pattern(RedactionPolicy()))
    nominated = {name for name, text in KEPT.items() if nominate.search(text)}
    # These hold what only Python can tell apart: a check digit, a word where a value could be, a domain's last word.
    assert nominated <= {
        "a span id without letters",
        "prose about passwords",
        "counts of tokens",
        "placeholders",
        "package and git",
        "basic words",
        "a class name like a key",
        "a card that fails its check",
        "an IBAN that fails its check",
        "a number never issued",
        "a table row",
        "numbers",
        "Java",
    }


def test_expressions_give_spans_as_the_library_promises() -> None:
    expression = Expression(r"(b)|(c)d")
    assert list(expression.finditer(b"abacd")) == [[(1, 2), (1, 2), (-1, -1)], [(3, 5), (-1, -1), (3, 4)]]
    assert expression.search(b"xyz") is None
    assert expression.match(b"acd", 1) == [(1, 3), (-1, -1), (1, 2)]
    assert expression.match(b"acd", 1, 2) is None
    assert expression.fullmatch(b"cd")
    assert not expression.fullmatch(b"cde")
    with pytest.raises(ValueError, match=r"\(b"):
        Expression("(b")


@pytest.mark.parametrize("key", ["duration_ns", "http.response.size", "elapsedMs", "request.start_time", "offset"])
def test_numbers_that_measure_are_no_cards(key: str) -> None:
    text = f'{{"{key}":4398046511105}}'
    assert Redactor(RedactionPolicy.everything(), KEYS, "acme").attributes(text) is text


def test_a_card_that_is_a_number_is_still_found() -> None:
    assert "4111" not in Redactor(RedactionPolicy(), KEYS, "acme").attributes('{"card":4111111111111111}')
