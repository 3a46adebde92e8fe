"""What the hint of a field's name makes of a whole attribute value, before the value is read as text."""

from __future__ import annotations

from logsight_assets.intake.redaction.canonical import canonical, digits_of
from logsight_assets.intake.redaction.checksums import luhn
from logsight_assets.intake.redaction.contacts import is_phone_value
from logsight_assets.intake.redaction.credentials import authorization_value, cookie_values, is_secret_value
from logsight_assets.intake.redaction.detector import Found
from logsight_assets.intake.redaction.fields import Hint
from logsight_assets.intake.redaction.national import LABELLED_VALUE, is_labelled_number
from logsight_assets.intake.redaction.payments import ACCOUNT_VALUE, CARD_VALUE, is_account, is_iban
from logsight_assets.intake.redaction.personal_fields import KIND_OF
from logsight_assets.intake.redaction.policy import Kind, RedactionPolicy
from logsight_assets.intake.redaction.secret_values import is_placeholder

_SECRETS = (Hint.SECRET, Hint.RANDOM, Hint.CODE)


def leaf_found(value: bytes, hint: Hint, policy: RedactionPolicy) -> list[Found]:
    """The findings that a hint gives for a value, in order; empty means: read it as text."""
    if hint in _SECRETS:
        return [Found(0, len(value), Kind.SECRET, "")] if is_secret_value(hint, value) else []
    if hint is Hint.AUTHORIZATION:
        found = authorization_value(value)
        return [found] if found else []
    if hint is Hint.COOKIE:
        return list(cookie_values(value))
    kind = _kind_of(value, hint, policy)
    return [Found(0, len(value), kind, canonical(kind, value.decode("utf-8", "replace")))] if kind else []


def _kind_of(value: bytes, hint: Hint, policy: RedactionPolicy) -> Kind | None:
    if hint is Hint.PHONE:
        return Kind.PHONE if policy.phone and is_phone_value(value) else None
    if hint is Hint.CARD:
        is_card = policy.card and CARD_VALUE.fullmatch(value) and luhn(digits_of(value.decode("latin-1")))
        return Kind.CARD if is_card else None
    if hint is Hint.ACCOUNT:
        is_good = policy.iban and ACCOUNT_VALUE.fullmatch(value) and is_account(value)
        return Kind.ACCOUNT if is_good else None
    if hint is Hint.IBAN:
        return Kind.IBAN if policy.iban and is_iban(value) else None
    if hint is Hint.NATIONAL_ID:
        is_good = policy.national_id and LABELLED_VALUE.fullmatch(value) and is_labelled_number(value)
        return Kind.NATIONAL_ID if is_good else None
    kind = KIND_OF.get(hint)
    return kind if kind and policy.other and not is_placeholder(value) and len(value) <= 256 else None
