"""People and secrets that never were: what a log should not hold, and does.

Domains, telephone numbers and card ranges are those set aside for examples and tests, so that no real person is meant.
"""

from __future__ import annotations

from typing import NamedTuple

from logsight_assets.sample.dice import Dice

_FIRST_NAMES = (
    "ada amir bela carla chen dana elif emil farid greta hana igor ines jonas kaya lena luca maya "
    "nils olga pavel rosa sofia tariq uma viktor wanda yusuf zoe"
)
_LAST_NAMES = (
    "adler bauer costa dubois eriksen fischer garcia haas ivanov jansen keller lindt moreau nowak okafor petrov "
    "quist rossi santos tanaka ueda vogel weber yilmaz zhang"
)
_CUSTOMERS = 400
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Customer(NamedTuple):
    """One of a tenant's customers; the same person has the same data in every line."""

    user: str
    email: str
    phone: str
    card: str


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` a valid card number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _card(dice: Dice) -> str:
    digits = f"400000{dice.below(10**9):09d}"
    number = digits + luhn_digit(digits)
    if dice.chance(0.5):
        return number
    return " ".join(number[place : place + 4] for place in range(0, 16, 4))


def _phone(dice: Dice) -> str:
    if dice.chance(0.6):
        return f"+1-{dice.between(201, 989)}-555-01{dice.below(100):02d}"
    return f"+44 7700 900{dice.below(1000):03d}"


def customers(seed: int, tenant: str) -> list[Customer]:
    """A tenant's customers."""
    dice = Dice(seed, "customers", tenant)
    first_names, last_names = _FIRST_NAMES.split(), _LAST_NAMES.split()
    found = []
    for number in range(_CUSTOMERS):
        name = f"{dice.pick(first_names)}.{dice.pick(last_names)}{number}"
        email = f"{name}@{dice.pick(('example.com', 'example.org', 'mail.example.net'))}"
        found.append(Customer(f"u-{dice.hexadecimal(8)}", email, _phone(dice), _card(dice)))
    return found


def password(dice: Dice) -> str:
    """A password that stands nowhere else."""
    return "".join(dice.pick(_LETTERS) for _ in range(16))


def bearer_token(dice: Dice) -> str:
    """Three parts of base64url, as a JSON Web Token looks."""
    parts = ("".join(dice.pick(_BASE64) for _ in range(length)) for length in (24, 36))
    return "eyJhbGciOiJIUzI1NiJ9." + ".".join(parts)
