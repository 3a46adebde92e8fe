"""Where in the code a line was logged, as far as it says: `OrderServiceImpl#72`, `main.go:31`.

The coarse mask hides all numbers, so lines of two places in the code can have one pattern and one template. They are
told apart here, because often only one of them stops.
"""

from __future__ import annotations

import re

from logsight_assets.sqltext import literal

_SUFFIXES = "java|kt|scala|py|go|c|cc|cpp|h|rs|ts|js|cs|rb|php"
# A class stands before `#`: behind an address (`10.0.0.1#53211`) it is a port, behind a word (`order#72`) a number.
_CALL_SITE = rf"(?:\b[A-Z][A-Za-z0-9_$]{{2,}}#|[A-Za-z0-9_$]\.(?:{_SUFFIXES}):)([0-9]{{1,5}})(?:[^0-9A-Za-z]|$)"
_HEAD = 200  # characters of a body in which it stands
_PLACE = re.compile(rf"(?<=[\w$])(#|\.(?:{_SUFFIXES}):)<(?:NUM|\*)>")


def call_site_sql(body: str) -> str:
    """DuckDB expression of a body's call site: its line number in the code, or an empty text."""
    return f"regexp_extract(substr({body}, 1, {_HEAD}), {literal(_CALL_SITE)}, 1)"


def with_call_site(template: str, site: str) -> str:
    """The template with the call site in place of its first placeholder for one."""
    return _PLACE.sub(lambda found: found[1] + site, template, count=1) if site else template
