"""SQL texts live in `sql/`, named for the table or question they answer; here they are found and filled.

A placeholder is `{lower_case_name}`; a missing or a left-over value is an error, never an empty text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def sql_folder() -> Path:
    """`sql/` of the repository, or its copy inside an installed wheel."""
    package = Path(__file__).parent
    installed = package / "_sql"
    return installed if installed.is_dir() else package.parent / "sql"


@cache
def _text(name: str) -> str:
    return (sql_folder() / f"{name}.sql").read_text(encoding="utf-8")


def placeholders(name: str) -> set[str]:
    return set(_PLACEHOLDER.findall(_text(name)))


def sql(name: str, **values: str) -> str:
    """The text `sql/<name>.sql` with its placeholders filled by SQL; KeyError names what is missing or too much."""
    wanted = placeholders(name)
    if wanted != set(values):
        raise KeyError(f"sql/{name}.sql takes {sorted(wanted)}, was given {sorted(values)}")
    return _PLACEHOLDER.sub(lambda match: values[match[1]], _text(name))


def stored_sql(name: str, **values: str) -> str:
    """The same without its comments: kept beside the rows that it gave, so that whoever doubts them asks again."""
    return "\n".join(line for line in sql(name, **values).splitlines() if not line.startswith("--"))


def timestamp(unix_nano: int) -> str:
    """A whole second as a SQL literal, UTC; what is beyond is cut off."""
    return f"timestamp '{datetime.fromtimestamp(unix_nano // 10**9, UTC):%Y-%m-%d %H:%M:%S}'"


def literal(value: str | None) -> str:
    """A SQL string literal, or NULL."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"
