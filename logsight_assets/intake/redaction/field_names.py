"""The vocabulary of field names: what a name may end with, and what it must look like for a gate to see it.

A new name is a word in a list here and part of an expression below; `fields.py` gives a hint only where both agree.
"""

from __future__ import annotations

from logsight_assets.intake.redaction import labels


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Words that end a name which speaks about a secret and does not hold it: `token_type`, `password_policy`.
ABOUT = _words(
    """
    age alg algorithm arn at attempt attempts bucket budget changed class consumed cost count counts date
    disabled enabled endpoint error errors exp expiration expired expires expiry field file filename format hint
    id ids in index issuer kind label len length limit manager max min mode name names next page path per policy
    prefix prev provider rate ref remaining required reset service size source state status store strength time
    total ttl type types uri url usage used valid version
    """
)
# The same words complete these: `tax_id`, `first_name`.
COMPLETED: dict[str, tuple[str, ...]] = {
    "id": _words("tax national session steuer sess payer taxpayer"),
    "name": _words(
        "first last full sur given family middle maiden customer patient contact holder login account screen nick user"
    ),
}
# Words before `token` that make it a cursor or a count.
CURSORS = _words(
    """
    bos cached cls completion continuation continue cursor eos input mask max min next nextpage num output pad
    page pagination prompt sep start stop sync syntax tokens total unexpected unk usage
    """
)
# Any value is a secret. `contribsys`: Bundler's BUNDLE_ENTERPRISE__CONTRIBSYS__COM holds user and password.
SECRETS = _words(
    """
    password passwd passwort passphrase passcode pwd secretkey clientsecret secretaccesskey apikey apisecret
    appsecret accesstoken refreshtoken authtoken bearertoken sessiontoken securitytoken idtoken privatekey
    privkey signingkey encryptionkey masterkey accountkey sharedaccesskey storagekey authkey consumersecret
    consumerkey sharedsecret webhooksecret tokensecret secrettoken deploykey credential credentials apitoken
    privatetoken jobtoken cookiesecret csrftoken xsrftoken contribsys
    """
)
RANDOM = _words(
    """
    token secret secrets sig signature auth pass credential accesskey subscriptionkey licensekey sessionkey
    sshkey jsessionid phpsessid sessid sessionid connectionstring webhook otp totp
    """
)
CODES = _words(
    """
    pin otp totp cvv cvc cvv2 csc onetimecode onetimepassword securitycode pincode
    """
)
PHONES = _words(
    """
    phone phonenumber phoneno telephone telephonenumber mobile mobilenumber mobileno msisdn cellphone
    cellphonenumber tel telno fax faxnumber whatsapp
    """
)
CARDS = _words(
    """
    card cardnumber cardno creditcard creditcardnumber ccnumber pan ccnum cardnum debitcard debitcardnumber
    """
)
ACCOUNTS = _words(
    """
    bankaccount accountnumber bankaccountnumber acctnumber acctno routingnumber sortcode kontonummer
    """
)
NATIONAL = _words(
    """
    ssn socialsecuritynumber socialsecurity itin nationalid nationalidnumber nationalinsurancenumber nino
    nhsnumber pesel passport passportnumber passportno taxid taxnumber taxpayerid aadhaar aadhar personnummer
    cpf cnpj curp nric dni nif nie bsn driverlicense driverslicense driverslicensenumber identitynumber
    identitycard documentnumber steuerid fiscalcode codicefiscale
    """
)
NAMES = _words(
    """
    firstname lastname fullname surname givenname familyname middlename maidenname customername patientname
    contactname cardholder cardholdername
    """
)
USERNAMES = _words(
    """
    user username userlogin login loginname accountname screenname nickname useremail
    """
)
ADDRESSES = _words(
    """
    street streetaddress addressline addressline1 addressline2 postalcode postcode zipcode zip homeaddress
    shippingaddress billingaddress
    """
)
LOCATIONS = _words(
    """
    latitude longitude lat lon lng latlng latlon geolocation coordinates gps
    """
)
BIRTH_DATES = _words(
    """
    birthdate dateofbirth dob birthday
    """
)

# What a name must look like, for gates. `_J` stands where a name may be divided (`apiKey`, `api_key`, `api key`).
_J = r"[ _.\-]?"
SECRET_NAME = (
    rf"pass{_J}wd|pass{_J}wor[dt]|passw|pass{_J}phrase|pass{_J}code|pwd|credential|contribsys"
    rf"|(?:secret|api|priv(?:ate)?|signing|encryption|master|account|access|storage|auth|consumer|deploy){_J}key"
    rf"|(?:access|refresh|auth|bearer|session|security|id|secret|api|private|job|[cx]srf){_J}token"
    rf"|(?:client|api|app|consumer|shared|webhook|token|cookie){_J}secret|authorization|cookie"
)
RANDOM_NAME = (
    rf"token|secret|signature|sig|auth|pass|credential|(?:access|subscription|license|session|ssh){_J}key"
    rf"|sess{_J}id|session{_J}id|connection{_J}string|webhook|otp"
)
CODE_NAME = rf"pin|otp|cv[vc]2?|csc|one{_J}time{_J}(?:code|pass{_J}word)|security{_J}code|pin{_J}code"
PHONE_NAME = rf"(?:{labels.PHONE_LONG}|{labels.PHONE_SHORT}){labels.WORDS}$"
CARD_NAME = rf"card|pan|cc{_J}num"
ACCOUNT_NAME = rf"{labels.ACCOUNT}{labels.WORDS}$"
IBAN_NAME = "iban"
NATIONAL_NAME = rf"(?:{labels.NATIONAL_LONG}|{labels.NATIONAL_SHORT}|{labels.NATIONAL_FIELD}){labels.WORDS}$"
PERSONAL_NAME = (
    rf"(?:first|last|full|sur|given|family|middle|maiden|customer|patient|contact|card{_J}holder|login|account|screen"
    rf"|nick|user){_J}name|card{_J}holder|user|login|street|address{_J}line|postal{_J}code|post{_J}code|zip"
    rf"|(?:home|shipping|billing){_J}address|lat|lon|lng|geo{_J}location|coordinates|gps|birth|dob"
)
# The rest of a name behind the word that tells: `password_2`.
NAME_REST = r"[0-9A-Za-z_.\-]*"
