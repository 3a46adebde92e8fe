"""Is it one? Check digits and impossible ranges of national numbers, one function a scheme.

Arguments are the plain digits (or capitals and digits) of the right length for the scheme, without separators.
"""

from __future__ import annotations

from logsight_assets.intake.redaction.checksums import ean13, is_date, luhn, mod11, verhoeff, weighted

_NIF_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_PPS_LETTERS = "WABCDEFGHIJKLMNOPQRSTUV"
_HETU_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def always(_plain: str) -> bool:
    """The shape alone decides."""
    return True


def us_ssn_or_itin(digits: str) -> bool:
    """Social Security number, or a taxpayer number (9xx, group 50…65, 70…88, 90…92, 94…99)."""
    area, group, serial = digits[:3], int(digits[3:5]), digits[5:]
    if len(set(digits)) == 1 or digits in ("123456789", "987654321"):
        return False
    if area[0] == "9":
        return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    return area not in ("000", "666") and group != 0 and serial != "0000"


def br_cpf(digits: str) -> bool:
    """Brazil, persons: two digits mod 11."""
    first = weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return len(set(digits)) > 1 and digits[9:] == f"{first}{second}"


def br_cnpj(digits: str) -> bool:
    """Brazil, firms (sole traders are persons)."""
    first = weighted(digits[:12], (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    second = weighted(digits[:13], (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return (
        digits[12:] == "".join(str(0 if rest < 2 else 11 - rest) for rest in (first, second)) and len(set(digits)) > 1
    )


def nordic(digits: str) -> bool:
    """Sweden (YYMMDDNNNC, Luhn) and Denmark (DDMMYYNNNN, no check digit since 2007, so its old one is asked)."""
    short = digits[-10:]
    first, second, third = int(short[:2]), int(short[2:4]), int(short[4:6])
    swedish = is_date(2000, second, third % 60 if third > 60 else third) and luhn(short)
    danish = (
        len(digits) == 10 and is_date(2000, second, first) and weighted(short, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    )
    return swedish or danish


def kr_rrn(digits: str) -> bool:
    """South Korea. Numbers issued since October 2020 have no check digit: date and century decide."""
    return digits[6] in "12345678" and is_date(2000, int(digits[2:4]), int(digits[4:6]))


def in_aadhaar(digits: str) -> bool:
    """India, twelve digits."""
    return digits[0] >= "2" and len(set(digits)) > 2 and verhoeff(digits)


def ca_sin(digits: str) -> bool:
    """Canada's Social Insurance Number."""
    return digits[0] not in "08" and len(set(digits)) > 1 and luhn(digits)


def uk_nhs(digits: str) -> bool:
    """England's health number."""
    return len(set(digits)) > 1 and mod11(digits, range(10, 1, -1))


def ch_ahv(digits: str) -> bool:
    """Switzerland's insurance number."""
    return digits.startswith("756") and ean13(digits)


def be_national(digits: str) -> bool:
    """Belgium: 97 minus the rest; people born since 2000 count with a 2 before."""
    is_day = is_date(2000, int(digits[2:4]) % 20 or 1, int(digits[4:6]) or 1)
    check = int(digits[9:])
    return is_day and check in (97 - int(digits[:9]) % 97, 97 - int("2" + digits[:9]) % 97)


def fr_nir(digits: str) -> bool:
    """France: 97 minus the rest of the first thirteen."""
    return digits[0] in "12" and 97 - int(digits[:13]) % 97 == int(digits[13:])


def uk_nino(plain: str) -> bool:
    """United Kingdom's insurance number; prefixes never issued are refused."""
    return plain[:2] not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")


def es_nif_or_ie_pps(plain: str) -> bool:
    """Spain's DNI, NIE and their kin (mod 23), or Ireland's PPS number (mod 23)."""
    number = plain[:-1].translate(str.maketrans("XYZ", "012")).lstrip("KLM")
    if _NIF_LETTERS[int(number) % 23] == plain[-1]:
        return True
    return len(plain) == 8 and _PPS_LETTERS[weighted(number, range(8, 1, -1)) % 23] == plain[-1]


def sg_nric(plain: str) -> bool:
    """Singapore."""
    total = weighted(plain[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(plain[0], 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(plain[0], "XWUTRQPNMLK")
    index = total % 11
    return letters[10 - index if plain[0] == "M" else index] == plain[8]


_CF_ODD = {
    **dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)),
    **dict(
        zip(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
            strict=True,
        )
    ),
}


def it_fiscal_code(plain: str) -> bool:
    """Italy: the last letter is the sum of the others' values, odd places by a table."""
    total = 0
    for place, char in enumerate(plain[:15]):
        total += _CF_ODD[char] if place % 2 == 0 else int(char) if char.isdigit() else ord(char) - 65
    return chr(65 + total % 26) == plain[15]


def fi_hetu(spelled: str) -> bool:
    """Finland, with its century sign: date and rest mod 31."""
    digits = spelled[:6] + spelled[7:10]
    return is_date(2000, int(spelled[2:4]), int(spelled[:2])) and _HETU_CHARACTERS[int(digits) % 31] == spelled[10]


def mx_curp(plain: str) -> bool:
    """Mexico: shape and date."""
    return is_date(2000, int(plain[6:8]), int(plain[8:10]))


def cn_resident(plain: str) -> bool:
    """China: ISO 7064 mod 11-2."""
    total = weighted(plain[:17], (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
    return "10X98765432"[total % 11] == plain[17].upper() and is_date(
        int(plain[6:10]), int(plain[10:12]), int(plain[12:14])
    )


def tw_national(plain: str) -> bool:
    """Taiwan: the letter is a two-digit number, mod 10."""
    code = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(plain[0])
    return (code // 10 + code % 10 * 9 + weighted(plain[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def nl_bsn(digits: str) -> bool:
    """Netherlands: the eleven test."""
    return len(set(digits)) > 1 and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def il_identity(digits: str) -> bool:
    """Israel: Luhn counted from the left, which for nine digits is Luhn."""
    return len(set(digits)) > 1 and luhn(digits)


def au_tfn(digits: str) -> bool:
    """Australia's tax file number."""
    return len(set(digits)) > 1 and weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(digits: str) -> bool:
    """Australia's health card: ten digits, the ninth checks."""
    return digits[0] in "23456" and weighted(digits[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


def pl_pesel(digits: str) -> bool:
    """Poland; the century is in the month."""
    is_day = is_date(2000, int(digits[2:4]) % 20, int(digits[4:6]))
    return is_day and (10 - weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == int(digits[10])


def de_tax_id(digits: str) -> bool:
    """Germany: ISO 7064 mod 11, 10; among the first ten one digit appears twice or thrice."""
    if digits[0] == "0" or not 8 <= len(set(digits[:10])) <= 9:
        return False
    product = 10
    for char in digits[:10]:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def tr_identity(digits: str) -> bool:
    """Türkiye."""
    odd = sum(int(char) for char in digits[0:9:2])
    even = sum(int(char) for char in digits[1:8:2])
    tenth = (odd * 7 - even) % 10
    return digits[0] != "0" and digits[9:] == f"{tenth}{(odd + even + tenth) % 10}"


def no_national(digits: str) -> bool:
    """Norway: two digits mod 11."""
    first = (11 - weighted(digits[:9], (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11) % 11
    second = (11 - weighted(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11
    return is_date(2000, int(digits[2:4]) % 40, int(digits[:2]) % 40) and digits[9:] == f"{first}{second}"


def za_identity(digits: str) -> bool:
    """South Africa: date and Luhn."""
    return is_date(2000, int(digits[2:4]), int(digits[4:6])) and digits[10] in "01" and luhn(digits)


def ro_cnp(digits: str) -> bool:
    """Romania."""
    rest = weighted(digits, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    is_day = is_date(2000, int(digits[3:5]), int(digits[5:7]))
    return digits[0] != "0" and is_day and (1 if rest == 10 else rest) == int(digits[12])


def th_identity(digits: str) -> bool:
    """Thailand."""
    return digits[0] in "2345678" and (11 - weighted(digits, range(13, 1, -1)) % 11) % 10 == int(digits[12])
