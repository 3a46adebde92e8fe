"""Lines that should not have been written: personal data and secrets in bodies and attributes."""

from __future__ import annotations

from logsight_assets.sample.customers import bearer_token, password
from logsight_assets.sample.dice import Weighted
from logsight_assets.sample.journal import Access, Journal


def _mail(journal: Journal, at: int) -> None:
    person = journal.dice.pick(journal.people)
    journal.log(
        at,
        "notification.mail",
        {"user.id": person.user},
        journal.trace(),
        personal=(("email", person.email),),
        secret=person.email,
        ms=journal.dice.between(40, 900),
    )


def _text_message(journal: Journal, at: int) -> None:
    phone = journal.dice.pick(journal.people).phone
    journal.log(at, "notification.sms", {}, journal.trace(), personal=(("phone", phone),), secret=phone, count=1)


def _reset(journal: Journal, at: int) -> None:
    email = journal.dice.pick(journal.people).email
    journal.log(at, "account.reset", {}, journal.trace(), personal=(("email", email),), secret=email)


def _new_phone(journal: Journal, at: int) -> None:
    person = journal.dice.pick(journal.people)
    personal = (("phone", person.phone),)
    span = journal.trace()
    journal.log(at, "account.phone", {}, span, personal=personal, secret=person.phone, user=person.user)


def _session(journal: Journal, at: int) -> None:
    """Nothing in the body; the attributes say who it was."""
    dice, person = journal.dice, journal.dice.pick(journal.people)
    attributes: dict[str, object] = {"user.id": person.user, "user.email": person.email, "user.phone": person.phone}
    personal = (("email", person.email), ("phone", person.phone))
    session = dice.hexadecimal(16)
    journal.log(at, "account.refreshed", attributes, journal.trace(), personal=personal, session=session, count=3600)


def _card(journal: Journal, at: int) -> None:
    dice, card = journal.dice, journal.dice.pick(journal.people).card
    provider, code = dice.pick(("cardnet", "payway")), dice.between(10, 99)
    span = journal.trace()
    journal.log(at, "payment.card", {}, span, personal=(("card", card),), secret=card, provider=provider, count=code)


def _database(journal: Journal, at: int) -> None:
    secret, number = password(journal.dice), journal.dice.between(1, 3)
    journal.log(at, "catalog.database", {}, personal=(("password", secret),), secret=secret, count=number)


def _authorization(journal: Journal, at: int) -> None:
    """The same token in the body and in an attribute."""
    token = bearer_token(journal.dice)
    attributes: dict[str, object] = {"http.request.header.authorization": f"Bearer {token}"}
    personal = (("bearer_token", token),)
    journal.log(at, "frontend.authorization", attributes, journal.trace(), personal=personal, secret=token)


def _query(journal: Journal, at: int) -> None:
    """An address in a URL, in the proxy's text log only."""
    dice, email = journal.dice, journal.dice.pick(journal.people).email
    client, size, took = f"203.0.113.{dice.between(1, 254)}", dice.between(300, 900), dice.latency_us(9000)
    target = f"/api/newsletter?email={email}"
    personal = (("email", email),)
    journal.requests.append(
        Access(at, journal.tenant, client, "GET", target, 204, size, "ShopApp/7.2 (Android 14)", took, personal)
    )


LEAKS = Weighted(
    *((_mail, 5), (_session, 4), (_reset, 2), (_text_message, 2), (_new_phone, 1)),
    *((_card, 2), (_database, 1), (_authorization, 1), (_query, 2)),
)
