"""What the name of a field says about its value: `password`, `X-Api-Key`, `customerPhone`.

Used for attribute keys and for `key=value` in text alike, so that both treat a name in the same way.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache

from logsight_assets.intake.redaction.expressions import Expression, compile_bytes


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


# Words that end a name which speaks about a secret and does not hold it: `token_type`, `password_policy`.
_ABOUT = frozenset(
    "id ids name names type types count counts len length size limit max min ttl age expiry expires expired expiration exp url uri path "
    "file filename arn ref policy version status state valid field reset error errors hint at in time date index page next prev used usage "
    "cost total rate required enabled disabled endpoint algorithm alg format changed length strength attempts attempt provider class "
    "mode store manager service source kind label prefix issuer bucket budget remaining consumed per".split()
)
# Words before `token` that make it a cursor or a count.
_CURSORS = frozenset(
    "next page continuation sync cursor max min num prompt completion total input output cached eos bos pad unk cls sep mask stop start "
    "unexpected syntax nextpage continue pagination tokens usage".split()
)
_STRONG = (
    "password passwd passwort passphrase passcode pwd secretkey clientsecret secretaccesskey apikey apisecret appsecret accesstoken "
    "refreshtoken authtoken bearertoken sessiontoken securitytoken idtoken privatekey privkey signingkey encryptionkey masterkey accountkey "
    "sharedaccesskey storagekey authkey consumersecret consumerkey sharedsecret webhooksecret tokensecret secrettoken deploykey "
    "credential credentials apitoken privatetoken jobtoken cookiesecret csrftoken xsrftoken contribsys"
).split()
_RANDOM = (
    "token secret secrets sig signature auth pass credential accesskey subscriptionkey licensekey sessionkey sshkey jsessionid phpsessid "
    "sessid sessionid connectionstring webhook otp totp"
).split()
_CODES = ("pin", "otp", "totp", "cvv", "cvc", "cvv2", "csc", "onetimecode", "onetimepassword", "securitycode", "pincode")
_PHONES = (
    "phone phonenumber phoneno telephone telephonenumber mobile mobilenumber mobileno msisdn cellphone cellphonenumber tel telno fax faxnumber whatsapp"
).split()
_CARDS = "card cardnumber cardno creditcard creditcardnumber ccnumber pan ccnum cardnum debitcard debitcardnumber".split()
_ACCOUNTS = "bankaccount accountnumber bankaccountnumber acctnumber acctno routingnumber sortcode kontonummer".split()
_NATIONAL = (
    "ssn socialsecuritynumber socialsecurity itin nationalid nationalidnumber nationalinsurancenumber nino nhsnumber pesel passport passportnumber passportno taxid "
    "taxnumber taxpayerid aadhaar aadhar personnummer cpf cnpj curp nric dni nif nie bsn driverlicense driverslicense driverslicensenumber "
    "identitynumber identitycard documentnumber steuerid fiscalcode codicefiscale"
).split()
_NAMES = "firstname lastname fullname surname givenname familyname middlename maidenname customername patientname contactname cardholder cardholdername".split()
_USERNAMES = "user username userlogin login loginname accountname screenname nickname useremail".split()
_ADDRESSES = "street streetaddress addressline addressline1 addressline2 postalcode postcode zipcode zip homeaddress shippingaddress billingaddress".split()
_LOCATIONS = "latitude longitude lat lon lng latlng latlon geolocation coordinates gps".split()
_BIRTH = "birthdate dateofbirth dob birthday".split()

_EXACT: dict[str, Hint] = {
    **dict.fromkeys(("authorization", "proxyauthorization"), Hint.AUTHORIZATION),
    **dict.fromkeys(("cookie", "setcookie", "cookies"), Hint.COOKIE),
}
# Endings, longest first, so that `api_token` is strong though `token` alone is not.
_ENDINGS: tuple[tuple[str, Hint], ...] = tuple(
    sorted(
        [
            *((word, Hint.SECRET) for word in _STRONG),
            *((word, Hint.RANDOM) for word in _RANDOM),
            *((word, Hint.CODE) for word in _CODES),
            *((word, Hint.PHONE) for word in _PHONES),
            *((word, Hint.CARD) for word in _CARDS),
            *((word, Hint.ACCOUNT) for word in _ACCOUNTS),
            ("iban", Hint.IBAN),
            *((word, Hint.NATIONAL_ID) for word in _NATIONAL),
            *((word, Hint.NAME) for word in _NAMES),
            *((word, Hint.USERNAME) for word in _USERNAMES),
            *((word, Hint.ADDRESS) for word in _ADDRESSES),
            *((word, Hint.LOCATION) for word in _LOCATIONS),
            *((word, Hint.BIRTH_DATE) for word in _BIRTH),
        ],
        key=lambda item: -len(item[0]),
    )
)


# What a name must look like for each hint, for gates: a hint that this does not confirm is not given. `_J` stands where a
# name may be divided (`apiKey`, `api_key`, `api key`).
_J = r"[ _.\-]?"
_SECRET_NAME = (
    rf"pass{_J}wd|pass{_J}wor[dt]|passw|pass{_J}phrase|pass{_J}code|pwd|credential|contribsys"
    rf"|(?:secret|api|priv(?:ate)?|signing|encryption|master|account|access|storage|auth|consumer|deploy){_J}key"
    rf"|(?:access|refresh|auth|bearer|session|security|id|secret|api|private|job|[cx]srf){_J}token"
    rf"|(?:client|api|app|consumer|shared|webhook|token|cookie){_J}secret|authorization|cookie"
)
_RANDOM_NAME = rf"token|secret|signature|sig|auth|pass|credential|(?:access|subscription|license|session|ssh){_J}key|sess{_J}id|session{_J}id|connection{_J}string|webhook|otp"
_CODE_NAME = rf"pin|otp|cv[vc]2?|csc|one{_J}time{_J}(?:code|pass{_J}word)|security{_J}code|pin{_J}code"
_PHONE_NAME = "phone|mobile|msisdn|tel|fax|whatsapp"
_CARD_NAME = rf"card|pan|cc{_J}num"
_ACCOUNT_NAME = rf"bank{_J}account|account{_J}n|acct{_J}n|routing{_J}n|sort{_J}code|kontonummer"
_NATIONAL_NAME = (
    rf"ssn|social{_J}security|itin|national{_J}[in]|nino|nhs{_J}n|pesel|passport|tax{_J}(?:id|n|payer)|aadhaa?r|personnummer|cpf|cnpj|curp|nric|dni|nif|nie"
    rf"|bsn|drivers?{_J}license|identity{_J}[nc]|document{_J}n|steuer{_J}id|fiscal"
)
_OTHER_NAME = (
    rf"(?:first|last|full|sur|given|family|middle|maiden|customer|patient|contact|card{_J}holder|login|account|screen|nick|user){_J}name|card{_J}holder"
    rf"|user|login|street|address{_J}line|postal{_J}code|post{_J}code|zip|(?:home|shipping|billing){_J}address|lat|lon|lng|geo{_J}location|coordinates|gps"
    rf"|birth|dob"
)
# The rest of a name behind the word that tells: `password_2`.
NAME_REST = r"[0-9A-Za-z_.\-]*"
NAME_OF: dict[Hint, str] = {
    **dict.fromkeys((Hint.SECRET, Hint.AUTHORIZATION, Hint.COOKIE), _SECRET_NAME),
    Hint.RANDOM: _RANDOM_NAME,
    Hint.CODE: _CODE_NAME,
    Hint.PHONE: _PHONE_NAME,
    Hint.CARD: _CARD_NAME,
    Hint.ACCOUNT: _ACCOUNT_NAME,
    Hint.IBAN: "iban",
    Hint.NATIONAL_ID: _NATIONAL_NAME,
    **dict.fromkeys((Hint.NAME, Hint.USERNAME, Hint.ADDRESS, Hint.LOCATION, Hint.BIRTH_DATE), _OTHER_NAME),
}
_CONFIRMS: dict[Hint, Expression] = {
    hint: compile_bytes(rf"(?i)(?:{name}){NAME_REST}$") for hint, name in NAME_OF.items()
}
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


def _hint_of_words(words: list[str]) -> Hint:
    if not words:
        return Hint.NONE
    if words[-1] in _ABOUT and not (len(words) >= 2 and words[-2] in ("tax", "national", "session", "steuer")):
        if words[-1] != "name" or len(words) < 2 or words[-2] == "key":
            return Hint.NONE
    while words and words[-1].isdigit():
        words.pop()
    joined = "".join(words)
    if not words or joined in _EXACT:
        return _EXACT.get(joined, Hint.NONE)
    for ending, hint in _ENDINGS:
        if joined.endswith(ending) and _starts_a_word(words, len(ending)):
            return Hint.NONE if hint in (Hint.RANDOM, Hint.SECRET) and _is_cursor(words) else hint
    if any(word.startswith("passw") for word in words) and words[-1] not in _ABOUT:
        return Hint.SECRET
    return Hint.NONE


def _is_cursor(words: list[str]) -> bool:
    return len(words) >= 2 and words[-1] in ("token", "tokens") and words[-2] in _CURSORS


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
