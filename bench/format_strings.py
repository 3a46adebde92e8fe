"""Log lines with known templates, made from the logging calls of Python packages.

    python -m bench.format_strings --out DIR [--seed N] PACKAGE_FOLDER…

Each package with enough calls becomes `DIR/<package>.csv` (`line,content,event_id,template`): its format strings with
values filled in, some often and most a few times, as in real logs. The values suit the arguments' names where these
tell (`path`, `host`, `error` ...). One seed, one result.
"""

from __future__ import annotations

import argparse
import ast
import csv
import random
import re
import string
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

LINES, MOST_TEMPLATES, FEWEST_TEMPLATES = 2000, 150, 60
LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal"})
_PERCENT = re.compile(r"%(?:\((\w+)\))?[-#0 +]*(?:\d+|\*)?(?:\.\d+)?([srdifgxXeFcu%])")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::([^{}]*))?\}")

# A slot is (name of the argument, conversion letter); a message is texts and slots in turn.
Slot = tuple[str, str]
Message = tuple[str | Slot, ...]


def messages(package: Path) -> list[Message]:
    """The distinct messages of a package's logging calls, sorted."""
    found: dict[str, Message] = {}
    for file in sorted(package.rglob("*.py")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_logging(node.func) and node.args:
                message = _message(node.args[0], node.args[1:])
                if message and _tells_something(message):
                    found.setdefault(template(message), message)
    return [found[key] for key in sorted(found)]


def template(message: Message) -> str:
    """The message with `<*>` for its slots, blanks as single ones."""
    text = "".join(part if isinstance(part, str) else "<*>" for part in message)
    return re.sub(r"\s+", " ", text).strip()


def _is_logging(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute) and function.attr in LEVELS and "log" in ast.unparse(function.value).lower()
    )


def _tells_something(message: Message) -> bool:
    words = re.findall(r"[A-Za-z]{2,}", " ".join(part for part in message if isinstance(part, str)))
    return len(words) >= 2 and "\n" not in template(message)


def _message(node: ast.expr, arguments: Sequence[ast.expr]) -> Message | None:
    """Texts and slots of a format expression, or None where it is none."""
    match node:
        case ast.Constant(value=str(text)):
            return _percent(text, [_name(argument) for argument in arguments]) if arguments else (text,)
        case ast.JoinedStr(values=values):
            return tuple(_interpolated(value) for value in values)
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text)), right=right):
            items = right.elts if isinstance(right, ast.Tuple) else [right]
            return _percent(text, [_name(item) for item in items])
        case ast.Call(func=ast.Attribute(attr="format", value=ast.Constant(value=str(text))), args=items):
            return _braces(text, [_name(item) for item in items])
        case ast.Call(func=ast.Name(id="_"), args=[inner, *_]):
            return _message(inner, arguments)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _added(_message(left, ()), _message(right, ()), left, right)
    return None


def _added(before: Message | None, after: Message | None, left: ast.expr, right: ast.expr) -> Message | None:
    if before is None and after is None:
        return None
    return (*(before or ((_name(left), "s"),)), *(after or ((_name(right), "s"),)))


def _interpolated(value: ast.expr) -> str | Slot:
    if isinstance(value, ast.Constant):
        return str(value.value)
    assert isinstance(value, ast.FormattedValue)
    return _name(value.value), "r" if value.conversion == ord("r") else "s"


def _percent(text: str, names: list[str]) -> Message:
    return tuple(_pieces(text, _PERCENT, names, lambda match: (match[1], match[2]), {"%": "%"}))


def _braces(text: str, names: list[str]) -> Message:
    def slot(match: re.Match[str]) -> tuple[str | None, str]:
        if match[0] in ("{{", "}}"):
            return None, match[0]
        kind = "d" if match[3] and match[3][-1] in "df" else match[2] or "s"
        return (match[1] if match[1] and not match[1].isdigit() else None), kind

    return tuple(_pieces(text, _BRACES, names, slot, {"{{": "{", "}}": "}"}))


def _pieces(
    text: str,
    pattern: re.Pattern[str],
    names: list[str],
    slot: Callable[[re.Match[str]], tuple[str | None, str]],
    literal: dict[str, str],
) -> Iterator[str | Slot]:
    at, taken = 0, 0
    for match in pattern.finditer(text):
        if match.start() > at:
            yield text[at : match.start()]
        at = match.end()
        own, kind = slot(match)
        if kind in literal:
            yield literal[kind]
            continue
        yield own or (names[taken] if taken < len(names) else "value"), kind
        taken += own is None
    if at < len(text):
        yield text[at:]


def _name(node: ast.expr) -> str:
    """The word that tells what an argument is: `self.pool.host` → `host`, `len(jobs)` → `len`."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Call(func=function):
            return _name(function)
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
        case ast.Subscript(value=value) | ast.Starred(value=value):
            return _name(value)
    return "value"


_NOUNS = (
    "amber", "birch", "cedar", "coral", "dune", "ember", "falcon", "garnet", "harbor", "iris", "jasper", "kestrel",
    "lagoon", "maple", "nimbus", "opal", "pine", "quartz", "raven", "sierra", "tulip", "umber", "violet", "willow",
    "yarrow", "zephyr", "invoices", "payments", "users", "sessions", "metrics", "events", "images", "audit",
    "ingest", "export", "thumbnails", "ranking", "pricing", "stock", "basket", "returns", "shipping", "loyalty",
    "consent",
)  # fmt: skip
_PEOPLE = (
    "ann", "bruno", "chen", "dalia", "emil", "farah", "goran", "hana", "ines", "jonas", "kira", "liam", "mona",
    "nils", "olga", "pablo", "quinn", "rosa", "sven", "tara",
)  # fmt: skip
_STATES = (
    "running", "stopped", "pending", "queued", "failed", "done", "active", "idle", "paused", "OK", "ERROR", "READY",
    "DOWN", "unknown",
)  # fmt: skip
_ERRORS = (
    "connection reset by peer",
    "no route to host",
    "read timed out",
    "invalid character in header",
    "permission denied",
    "file exists",
    "too many open files",
    "out of memory",
    "access token has expired",
    "checksum mismatch",
    "unsupported media type",
    "unexpected end of input",
    "[Errno 28] No space left on device",
    "HTTP Error 404: Not Found",
    "bad gateway",
    "deadlock detected while waiting for lock",
    "host is unreachable",
    "'NoneType' object has no attribute 'id'",
    'column "total" does not exist',
    "could not convert string to float: 'abc'",
    "EOF occurred in violation of protocol",
)
_SUFFIXES = ("", ".py", ".log", ".json", ".tar.gz", ".conf")


class Values:
    """Makes values; each kind is a method named for what it makes."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def fill(self, message: Message) -> str:
        """A line of the message."""
        return "".join(part if isinstance(part, str) else self._value(*part) for part in message)

    def _value(self, name: str, kind: str) -> str:
        if kind in "diu":
            return self._number()
        if kind in "fgeF":
            return f"{self._random.random() * 100:.{self._random.randint(1, 6)}f}"
        if kind in "xX":
            return f"{self._random.getrandbits(32):x}"
        value = self._text(name.lower())
        return repr(value) if kind == "r" and not value.isdigit() else value

    def _text(self, name: str) -> str:
        for hint, maker in _HINTS:
            if hint.search(name):
                return maker(self)
        return self._choose(self._word, self._name, self._dotted, self._number, self._id, self._listing)

    def _choose(self, *makers: Callable[[], str]) -> str:
        weights = [4, 3, 2, 2, 1, 1][: len(makers)]
        return self._random.choices(makers, weights)[0]()

    def _number(self) -> str:
        return str(self._random.choice((self._random.randint(0, 9), self._random.randint(10, 99999))))

    def _seconds(self) -> str:
        return f"{self._random.random() * 90:.{self._random.randint(0, 4)}f}"

    def _word(self) -> str:
        return self._random.choice(_NOUNS)

    def _person(self) -> str:
        return self._random.choice(_PEOPLE)

    def _state(self) -> str:
        return self._random.choice(_STATES)

    def _error(self) -> str:
        return self._random.choice(_ERRORS)

    def _boolean(self) -> str:
        return self._random.choice(("True", "False", "None"))

    def _name(self) -> str:
        return self._word() + self._random.choice("-_") + self._random.choice((self._word(), self._number()))

    def _dotted(self) -> str:
        return f"{self._word()}.{self._word()}.{self._word().title()}"

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128))) if self._random.random() < 0.6 else self._number()

    def _host(self) -> str:
        address = ".".join(str(self._random.randint(1, 254)) for _ in range(4))
        return self._random.choice(
            (address, f"{self._word()}-{self._number()}.internal.net", f"{self._word()}:{self._number()}")
        )

    def _path(self) -> str:
        parts = [self._word() for _ in range(self._random.randint(1, 4))]
        return self._random.choice(("/", "/var/lib/", "./")) + "/".join(parts) + self._random.choice(_SUFFIXES)

    def _url(self) -> str:
        return f"https://{self._word()}.example.org/{self._word()}/{self._number()}"

    def _class(self) -> str:
        return "".join(self._word().title() for _ in range(self._random.randint(1, 2))) + self._random.choice(
            ("", "Task", "Error")
        )

    def _token(self) -> str:
        return "".join(self._random.choices(string.ascii_lowercase + string.digits, k=12))

    def _listing(self) -> str:
        items = [repr(self._word()) for _ in range(self._random.randint(0, 3))]
        return (
            "[" + ", ".join(items) + "]"
            if self._random.random() < 0.5
            else "{" + ", ".join(f"{i}: {self._number()}" for i in items) + "}"
        )

    def _command(self) -> str:
        return f"{self._word()} --{self._word()} {self._path()}"


_HINTS: tuple[tuple[re.Pattern[str], Callable[[Values], str]], ...] = tuple(
    (re.compile(pattern), maker)
    for pattern, maker in (
        (r"^(e|ex|err|exc|error|exception|reason|why)$|_err|error|exc_|reason|message|msg", Values._error),  # noqa: SLF001
        (r"path|file|dir|folder|dest|src", Values._path),  # noqa: SLF001
        (r"ur[li]|link|endpoint", Values._url),  # noqa: SLF001
        (r"host|addr|^ip|server|peer|node", Values._host),  # noqa: SLF001
        (r"user|owner|login|author", Values._person),  # noqa: SLF001
        (r"state|status|mode|phase|level", Values._state),  # noqa: SLF001
        (r"uuid|guid|_id$|^id$|token|key$|digest|hash", Values._id),  # noqa: SLF001
        (r"count|num|len|size|total|port|pid|code|index|retries|attempt|version|bytes", Values._number),  # noqa: SLF001
        (r"time|delay|secs|seconds|elapsed|duration|interval|wait", Values._seconds),  # noqa: SLF001
        (r"class|type|cls|handler", Values._class),  # noqa: SLF001
        (r"^is_|^has_|enabled|flag", Values._boolean),  # noqa: SLF001
        (r"cmd|command|args|argv", Values._command),  # noqa: SLF001
        (r"list|names|keys|items|params|options|config|dict|kwargs|ids$", Values._listing),  # noqa: SLF001
    )
)


def corpus(package: Path, seed: int) -> list[tuple[str, str, str]]:
    """Lines of a package as (content, event id, template), or none where it logs too little."""
    found = messages(package)
    if len(found) < FEWEST_TEMPLATES:
        return []
    chance = random.Random(f"{seed} {package.name}")
    chance.shuffle(found)
    found = found[:MOST_TEMPLATES]
    weights = [1 / (rank + 1) ** 1.05 for rank in range(len(found))]
    values = Values(f"{seed} {package.name} values")
    chosen = [*range(len(found)), *chance.choices(range(len(found)), weights, k=LINES - len(found))]
    chance.shuffle(chosen)
    return [(re.sub(r"\s+", " ", values.fill(found[i])).strip(), f"T{i}", template(found[i])) for i in chosen]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the corpora; returns the exit code."""
    parser = argparse.ArgumentParser(description="Log lines with known templates from packages' logging calls.")
    parser.add_argument("packages", nargs="+", type=Path, help="folders of Python packages")
    parser.add_argument("--out", required=True, type=Path, help="folder for the CSV files")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for package in sorted(options.packages):
        lines = corpus(package, options.seed)
        if lines:
            with (options.out / f"{package.name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("line", "content", "event_id", "template"))
                writer.writerows((number, *line) for number, line in enumerate(lines, start=1))
            print(package.name, len({line[1] for line in lines}), "templates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
