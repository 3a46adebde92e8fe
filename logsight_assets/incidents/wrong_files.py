"""What an answer says of files that it was made without, because they are wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from logsight_assets.declarations import Refused
from logsight_assets.lake import PLATFORM


def told_of(refused: Iterable[Refused], tenants: Collection[str]) -> list[str]:
    """Those that may be of these tenants, in words, each text once. `PLATFORM` among them is the operators' view.

    A file that does not say whose it is may be another tenant's, and so may what is in its name: but for operators its
    folder alone is told.
    """
    mine = [each for each in refused if any(map(each.may_be_of, tenants))]
    texts = (each.told if each.tenant or PLATFORM in tenants else _told_of_folder(each) for each in mine)
    return list(dict.fromkeys(texts))


def _told_of_folder(refused: Refused) -> str:
    return f"a file of {refused.file.parent.name}/ could not be read"
