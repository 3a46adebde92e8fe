"""National identity, tax, insurance and health numbers.

Three ways in: a shape that no other number has (separators, letters) with its check digits; a label before the number;
and, only where the policy also wants kinds of weak evidence, plain digits or loose separators with good check digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from logsight_assets.intake.redaction import labels
from logsight_assets.intake.redaction import national_checks as checks
from logsight_assets.intake.redaction.canonical import canonical, digits_of
from logsight_assets.intake.redaction.detector import Detector, Found
from logsight_assets.intake.redaction.expressions import (
    BEGINS,
    GATE_BEGINS,
    GATE_ENDS,
    begin,
    compile_bytes,
    is_in_row,
    is_word_at,
    stands_alone,
)
from logsight_assets.intake.redaction.policy import Kind

Check = Callable[[str], bool]

# Shape (9 a digit) → check on its digits. Public descriptions: the issuing offices' own.
_DIGIT_SHAPES: dict[str, Check] = {
    "999-99-9999": checks.us_ssn_or_itin,
    "999.999.999-99": checks.br_cpf,
    "99.999.999/9999-99": checks.br_cnpj,
    "999999-9999": checks.nordic,
    "999999+9999": checks.nordic,
    "99999999-9999": checks.nordic,
    "999999-9999999": checks.kr_rrn,
    "9999 9999 9999": checks.in_aadhaar,
    "9999-9999-9999": checks.in_aadhaar,
    "999-999-999": checks.ca_sin,
    "999 999 9999": checks.uk_nhs,
    "999-999-9999": checks.uk_nhs,
    "999.9999.9999.99": checks.ch_ahv,
    "99.99.99-999.99": checks.be_national,
    "9 99 99 99 999 999 99": checks.fr_nir,
}


def _shape_expression(shape: str) -> str:
    """A shape as an expression: runs of 9 become counted digit classes."""
    out, index = [], 0
    while index < len(shape):
        run = len(shape) - index - len(shape[index:].lstrip("9"))
        if run:
            out.append(f"[0-9]{{{run}}}")
        else:
            out.append("[.]" if shape[index] == "." else rf"\{shape[index]}" if shape[index] in "-+" else shape[index])
        index += run or 1
    return "".join(out)


_DIGIT_ALTERNATIVES = "|".join(_shape_expression(shape) for shape in sorted(_DIGIT_SHAPES, key=len, reverse=True))
_DIGITS = compile_bytes(rf"{BEGINS}(?:{_DIGIT_ALTERNATIVES})\b")
_DIGITS_GATE = rf"{GATE_BEGINS}(?:{_DIGIT_ALTERNATIVES})(?:$|[^0-9])"
_TO_NINES = bytes.maketrans(b"012345678", b"999999999")


def _digit_shapes(text: bytes) -> Iterator[Found]:
    for match in _DIGITS.finditer(text):
        start, end = begin(text, match[0][0]), match[0][1]
        spelled = text[start:end]
        check = _DIGIT_SHAPES[spelled.translate(_TO_NINES).decode("latin-1")]
        if (
            check(digits_of(spelled.decode("latin-1")))
            and stands_alone(text, start, end)
            and not is_in_row(text, start, end)
        ):
            yield _national(text, start, end)


def _national(text: bytes, start: int, end: int) -> Found:
    return Found(start, end, Kind.NATIONAL_ID, canonical(Kind.NATIONAL_ID, text[start:end].decode("latin-1")))


_SMALL_FISCAL_CODE = r"[a-z]{5}[a-z][0-9]{2}[a-ehlmprst][0-9]{2}[a-z][0-9]{3}[a-z]"
# Expression → check on the upper-case letters and digits.
_LETTER_SHAPES: tuple[tuple[str, Check], ...] = (
    (r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]", checks.uk_nino),
    (r"[0-9]{7,8}[ \-]?[A-Z]", checks.es_nif_or_ie_pps),
    (r"[XYZKLM]\-?[0-9]{7}\-?[A-Z]", checks.es_nif_or_ie_pps),
    (r"[STFGM][0-9]{7}[A-Z]", checks.sg_nric),
    (r"[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPRST][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]", checks.it_fiscal_code),
    (_SMALL_FISCAL_CODE, checks.it_fiscal_code),
    (r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]", checks.always),
    (r"[0-9]{6}[\-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]", checks.fi_hetu),
    (r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]", checks.mx_curp),
    (r"[1-9][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9Xx]", checks.cn_resident),
    (r"[A-Z][1289][0-9]{8}", checks.tw_national),
)
_LETTER_ALTERNATIVES = "|".join(expression for expression, _ in _LETTER_SHAPES)
_LETTERS = compile_bytes(rf"{BEGINS}(?:{_LETTER_ALTERNATIVES})\b")
# The gate knows the one shape of small letters by its end: six letters counted at each word's beginning multiply the
# automaton's states (the union of gates fell from 7.4 ns a byte to 6.2).
_LETTERS_GATE = (
    rf"{GATE_BEGINS}(?:{'|'.join(expression for expression, _ in _LETTER_SHAPES if expression != _SMALL_FISCAL_CODE)})"
    rf"{GATE_ENDS}|{_SMALL_FISCAL_CODE.removeprefix('[a-z]{5}')}{GATE_ENDS}"
)
_LETTER_CHECKS = tuple((compile_bytes(expression), check) for expression, check in _LETTER_SHAPES)


def _letter_shapes(text: bytes) -> Iterator[Found]:
    for match in _LETTERS.finditer(text):
        start, end = begin(text, match[0][0]), match[0][1]
        spelled = text[start:end]
        plain = spelled.decode("latin-1").upper()
        bare = plain.replace(" ", "").replace("-", "")
        if stands_alone(text, start, end) and any(
            expression.fullmatch(spelled) and check(plain if check is checks.fi_hetu else bare)
            for expression, check in _LETTER_CHECKS
        ):
            yield _national(text, start, end)


_NUMBER = r"(?:[A-Z]{1,3}|[a-z])?[0-9](?:[ \-./]?[0-9]){5,14}(?:[ \-]?[A-Z]{1,2})?"
LABELLED_VALUE = compile_bytes(_NUMBER)
_LABELLED = compile_bytes(
    rf"(?:{labels.NATIONAL_LONG}|\b{labels.NATIONAL_SHORT}){labels.WORDS}{labels.SIGNS}({_NUMBER})"
)
_LABELLED_GATE = (
    rf"(?:{labels.NATIONAL_LONG}|{labels.NATIONAL_SHORT}|{labels.NATIONAL_FIELD}){labels.WORDS}{labels.SIGNS_GATE}"
    r"[A-Za-z]{0,3}[0-9](?:[ \-./]?[0-9]){5}"
)
_DATE = compile_bytes(
    r"(?:19|20)[0-9]{2}[-/. ]?[01][0-9][-/. ]?[0-3][0-9](?:[ T].*)?|[0-3]?[0-9][-/.][01]?[0-9][-/.](?:19|20)[0-9]{2}"
)


def is_labelled_number(value: bytes) -> bool:
    """Whether what follows a label can be such a number: six to fifteen digits, no date, not one digit repeated."""
    digits = digits_of(value.decode("latin-1"))
    return 6 <= len(digits) <= 15 and len(set(digits)) > 1 and not _DATE.fullmatch(value)


def _labelled(text: bytes) -> Iterator[Found]:
    for match in _LABELLED.finditer(text):
        start, end = match[1]
        if is_labelled_number(text[start:end]) and not is_word_at(text, end):
            yield _national(text, start, end)


_PLAIN: dict[int, tuple[Check, ...]] = {
    9: (checks.us_ssn_or_itin, checks.ca_sin, checks.nl_bsn, checks.il_identity, checks.au_tfn),
    10: (checks.uk_nhs, checks.nordic, checks.au_medicare),
    11: (checks.pl_pesel, checks.de_tax_id, checks.br_cpf, checks.tr_identity, checks.no_national, checks.be_national),
    12: (checks.in_aadhaar, checks.nordic),
    13: (checks.za_identity, checks.ro_cnp, checks.th_identity, checks.kr_rrn, checks.ch_ahv),
    15: (checks.fr_nir,),
}
# Without check digits or in small letters: a passport (letter, eight digits), fiscal codes that fail their check.
_LOOSE = (
    r"[A-Z][0-9]{8}|[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]"
    r"|[0-9]{8}[a-z]|[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z][0-9]{6}[a-d]"
)
_PLAIN_NUMBER = compile_bytes(rf"{BEGINS}(?:[0-9](?:[ .\-]?[0-9]){{8,14}}|{_LOOSE})\b")
_PLAIN_GATE = rf"{GATE_BEGINS}(?:[0-9](?:[ .\-]?[0-9]){{8}}|(?:{_LOOSE}){GATE_ENDS})"


def _plain_numbers(text: bytes) -> Iterator[Found]:
    for match in _PLAIN_NUMBER.finditer(text):
        start, end = begin(text, match[0][0]), match[0][1]
        plain = text[start:end].decode("latin-1")
        digits = digits_of(plain)
        if plain[-1].isdigit() and plain[0].isdigit():
            good = any(check(digits) for check in _PLAIN.get(len(digits), ()))
        else:
            good = not plain[0].isdigit() or checks.es_nif_or_ie_pps(plain.upper())
        if good and stands_alone(text, start, end) and not is_in_row(text, start, end):
            yield _national(text, start, end)


DETECTORS = (
    Detector("national_digits", ("national_id",), _DIGITS_GATE, _digit_shapes),
    Detector("national_letters", ("national_id",), _LETTERS_GATE, _letter_shapes),
    Detector("national_label", ("national_id",), _LABELLED_GATE, _labelled),
    Detector("national_plain", ("national_id", "other"), _PLAIN_GATE, _plain_numbers),
)
