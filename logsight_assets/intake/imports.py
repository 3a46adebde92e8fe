"""Names of raw objects that `logsight add` puts: they carry what the caller said and which part of which file it is.

`<defaults>~<file name>~<path hash>~<start>-<end>~<content hash>`: everything that identity needs is in the listing, raw
stays verbatim, and no second object could be lost or disagree. Objects of other names have no defaults.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from logsight_assets.errors import UsageError

PREFIX = "import"
_NAME = re.compile(
    r"import(?P<defaults>(?:,[a-z]+=[^~,=]*)*)~(?P<file>[^~]*)~(?P<path>[0-9a-f]{16})~(?P<start>\d+)-(?P<end>\d+)"
    r"~(?P<content>[0-9a-f]{16})"
)
_OPTIONS = ("tenant", "service", "environment")
_LONGEST_FILE = 80  # characters of a file's name that are kept: its end, which tells more
_LONGEST_NAME = 255  # bytes that file systems take


@dataclass(frozen=True)
class ImportName:
    """What an imported object's name says."""

    file: str
    path_digest: str
    start: int  # offset of the part in the file
    end: int
    content_digest: str
    tenant: str | None = None
    service: str | None = None
    environment: str | None = None

    def __post_init__(self) -> None:
        if (excess := len(str(self)) - _LONGEST_NAME) > 0:
            raise UsageError(
                f"--tenant, --service and --environment are together {excess} characters too long: they stand in the"
                " object's name, where a letter that is not of a to z takes six"
            )

    def __str__(self) -> str:
        said = ((option, getattr(self, option)) for option in _OPTIONS)
        defaults = "".join(f",{option}={_quote(value)}" for option, value in said if value)
        place = f"{self.path_digest}~{self.start:015d}-{self.end:015d}~{self.content_digest}"
        return f"{PREFIX}{defaults}~{_end(self.file)}~{place}"

    @classmethod
    def parse(cls, name: str) -> ImportName | None:
        """Read an object's name; None if it is no import's."""
        match = _NAME.fullmatch(name)
        if not match:
            return None
        options = dict(part.split("=", 1) for part in match["defaults"].split(",") if part)
        return cls(
            unquote(match["file"]),
            match["path"],
            int(match["start"]),
            int(match["end"]),
            match["content"],
            **{option: unquote(options[option]) for option in _OPTIONS if option in options},
        )


def _end(file: str) -> str:
    """The end of a file's name, quoted, cut between characters."""
    while len(_quote(file)) > _LONGEST_FILE:
        file = file[1:]
    return _quote(file)


def _quote(value: str) -> str:
    # A file's name may hold bytes that are no UTF-8, which Python carries as surrogates.
    return quote(value, safe="._-", errors="surrogateescape").replace("~", "%7E")
