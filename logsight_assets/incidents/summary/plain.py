"""What the words of a statement may be, whatever its evidence: a plain sentence that describes.

Characters by a list of those that are allowed: links, mentions, markup, commands and hidden text need others. What is
then left of them (an address without its scheme, a command's name, words that tell people what to do) is looked for by
name. A true sentence that meets one of these rules is lost, which costs a line; a false one would cost trust.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection

from logsight_assets.incidents.summary.schema import LONGEST_STATEMENT

# Typographic dashes and quotes are what models write.
_ALLOWED = frozenset(" .,:;'\"()-–%/_’“”")  # noqa: RUF001
_NAME = re.compile(r"[\w./:-]{1,80}(?: [\w./:-]{1,40}){0,2}")
_ADDRESS = re.compile(r"\bwww\.|://|\b(?:[a-z0-9-]+\.)+[a-z]{2,24}/|\b\d{1,3}(?:\.\d{1,3}){3}\b", re.IGNORECASE)
# A name in front of a top-level domain that people click on; `java.lang.Error` and `cart.py` are none.
_HOST = re.compile(
    r"\b[a-z0-9-]+\.(?:com|net|org|io|dev|app|info|biz|ru|cn|example|invalid|test|xyz|top|co)\b", re.IGNORECASE
)
_COMMAND = re.compile(
    r"\b(?:sudo|kubectl|curl|wget|bash|sh|powershell|rm|chmod|chown|ssh|scp|helm|docker|systemctl|terraform|psql|mysql|"
    r"redis-cli|aws|gcloud|az|git|pip|npm|eval|exec)\s+\S|(?:^|\s)--?[a-z][\w-]+|"
    r"\b(?:drop|truncate|delete|insert|update|alter|grant)\s+(?:table|from|into|database|user|all)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\w\(|\)\.\w|:$|\bdef\s+\w|\bclass\s+\w+[(:]|\bwhile true\b|"
    r"^\s*import\b|\bimport\s+\w+(?:\s*,|$)|\bfrom\s+\S+\s+import\b",
    re.IGNORECASE,
)
# A sentence that begins like this speaks to whoever reads it.
_IMPERATIVE = re.compile(
    r"(?:^|[.:;,]\s+)(?:explain|describe|write|translate|summari[sz]e|tell|show|give|send|print|output|repeat|generate|"
    r"create|list|make|act|pretend|imagine|assume|suppose|let|consider|respond|answer|reply|say|provide|append|add|"
    r"merge|embed|remove|delete|restart|stop|start|scale|roll|revert|run|open|close|call|contact|ask|check|use|try|go|"
    r"stay|wait|follow|find|decode|encode|convert|help|look|read|think|remember|note|teach|search|compose|draft)\b",
    re.IGNORECASE,
)
# What follows a name that begins a sentence and happens to be a verb: a service may be called `search`.
_OF_A_NAME = r"(?=\s(?:is|was|has|had|does|did|shows|showed|fails|failed|logs|logged)\b)"
_DIRECTIVE = re.compile(
    r"\b(?:you|your|yours|please|ignore[ds]?|disregard|forget|silence[ds]?|acknowledge|dismiss|nothing to do|"
    r"no(?: further)? action|safe to|false (?:alarm|positive)|stand down|click|visit|download|install|"
    r"must|should|shall|ought|need(?:s)? to|do not|don't|never|instructions?|prompt|system message|"
    r"password|passwd|secret|credentials?|api key|private key)\b",
    re.IGNORECASE,
)
_BROADCAST = re.compile(
    r"\b(?:at )?(?:everyone|channel|here)\b:?\s*$|^\s*(?:everyone|channel|here)\b\s*[:,]", re.IGNORECASE
)


def fault(text: str, names: Collection[str] = ()) -> str | None:
    """Why a text is no plain sentence; None if it is one. A name in front of its verb gives no order."""
    for name in names:
        if is_name(name):
            text = re.sub(rf"(?:^|(?<=[.:;,] )){re.escape(name)}{_OF_A_NAME}", "it", text)
    return next((name for name, holds in _RULES if holds(text)), None)


def is_name(text: str) -> bool:
    """Whether a name of a stranger's may stand in a sentence of ours: a log line can call its service anything."""
    orders_nothing = " " not in text  # one verb alone is a name like any other
    return bool(_NAME.fullmatch(text)) and fault(f"it {text}" if orders_nothing else text) is None


def _is_hidden(text: str) -> bool:
    return any(character != " " and unicodedata.category(character)[0] in "CZ" for character in text)


def _is_marked_up(text: str) -> bool:
    return any(not (c in _ALLOWED or unicodedata.category(c)[0] in "LMN") for c in text)


def _is_mixed(text: str) -> bool:
    """Words of letters of two scripts look like other words."""
    return any(
        len({unicodedata.name(c, "?").partition(" ")[0] for c in word if c.isalpha()}) > 1 for word in text.split()
    )


_RULES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("too_long", lambda text: len(text) > LONGEST_STATEMENT),
    ("hidden_characters", _is_hidden),
    ("markup", _is_marked_up),
    ("mixed_scripts", _is_mixed),
    ("link", lambda text: bool(_ADDRESS.search(text) or _HOST.search(text))),
    ("command", lambda text: bool(_COMMAND.search(text))),
    ("mention", lambda text: bool(_BROADCAST.search(text))),
    ("code", lambda text: bool(_CODE.search(text))),
    ("directive", lambda text: bool(_DIRECTIVE.search(text) or _IMPERATIVE.search(text))),
)
