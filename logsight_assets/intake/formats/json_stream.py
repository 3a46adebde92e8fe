"""JSON documents out of lines: one a line, several in a line, one over many lines, and what is damaged among them.

A document over several lines is recognised by brackets that are open at a line's end outside a string (a JSON string
holds no line break, so a line cut inside a string is damage at once) and by what may begin the next line. It may span
MAX_DOCUMENT_BYTES and MAX_DOCUMENT_LINES; beyond, or when it turns out to be none, its first lines are refused and
reading goes on at the next line that begins a document, so one cut line costs itself and not its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from logsight_assets.intake.formats.json_values import Document, NotJson, TooDeep, documents, load
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.records import Ignored, Lines, Refused

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024  # a pretty-printed delivery of 6 MiB (CloudWatch's largest) fits twice
MAX_DOCUMENT_LINES = 500_000


class Parsed(NamedTuple):
    """One JSON document that is an object or an array; the first four fields as in `Record`."""

    line: int
    line_count: int
    index: int  # type: ignore[assignment]  # as in Record; nothing calls tuple.index
    raw: bytes
    value: Any


class Plain(NamedTuple):
    """A line of text among JSON lines: no JSON and no damage to JSON either."""

    line: int
    raw: bytes


Item: TypeAlias = Parsed | Plain | Refused | Ignored

_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b"{}[]")
_OPENS = Pattern(r"\s*(?:\{\s*(?:$|[\"}])|\[\s*(?:$|[\[{\"]))")
_DAMAGE = Pattern(r"\"\s*[:,]|[}\]]\s*$|^\s*[,}\]]|\{\s*\"")


class _Open:
    """A document whose brackets are still open."""

    def __init__(self, max_depth: int, counted: bool, index: int) -> None:
        self.lines: list[tuple[int, bytes]] = []
        self.counted = counted  # whether an earlier record has counted the first line
        self.index = index
        self.size = 0
        self.too_deep = False
        self.has_closed_one = False  # a document ended inside the last line and another began
        self._stack = bytearray()
        self._last = 91  # the last significant byte; at the start a value may follow, as after `[`
        self._max_depth = max_depth

    def feed(self, number: int, raw: bytes) -> bool:
        """Take a line; False when it cannot continue the document."""
        stripped = raw.strip()
        if stripped and not self._may_begin(stripped[0]):
            return False
        pieces = stripped.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        if len(pieces) % 2 == 0:
            return False  # ends inside a string
        self.has_closed_one = False
        for outside in pieces[::2]:
            if not self._take(outside.translate(None, _NOT_STRUCTURE)):
                return False
        if stripped:
            self._last = stripped[-1]
        self.lines.append((number, raw))
        self.size += len(raw) + 1
        return True

    def _may_begin(self, byte: int) -> bool:
        last, in_array = self._last, self._stack[-1:] == b"["
        if byte in b"{[":
            return last in b":[" or (last == 44 and in_array) or not self._stack
        if byte == 34:
            return last in b"{[,:"
        if byte in b"}]":
            return last not in b",:"
        if byte in b",:":
            return last not in b"{[,:"
        return last in b":[" or (last == 44 and in_array)

    def _take(self, structure: bytes) -> bool:
        stack = self._stack
        for byte in structure:
            if byte in b"{[":
                stack.append(byte)
                self.too_deep = self.too_deep or len(stack) > self._max_depth
            elif not stack or stack[-1] != byte - 2:
                return False
            else:
                stack.pop()
                self.has_closed_one = self.has_closed_one or not stack
        return True

    @property
    def is_closed(self) -> bool:
        return not self._stack

    @property
    def is_over_limit(self) -> bool:
        return self.size > MAX_DOCUMENT_BYTES or len(self.lines) > MAX_DOCUMENT_LINES

    def joined(self) -> bytes:
        return b"\n".join(raw for _, raw in self.lines)


class JsonStream:
    """Reads lines one by one; `push` and `finish` yield what is complete."""

    def __init__(self, max_depth: int) -> None:
        self._max_depth = max_depth
        self._open: _Open | None = None
        self._retried_to = 0  # lines up to here have been read twice; a third time each stands alone: linear work

    def read(self, lines: Lines) -> Iterator[Item]:
        """All items of `lines`."""
        for number, raw in lines:
            if raw.endswith(b"\r"):
                raw = raw[:-1]
            if self._open is None and raw.startswith(b"{"):
                try:
                    value = load(raw, self._max_depth)
                except TooDeep:
                    yield Refused(number, 1, 0, "too_deep", raw)
                    continue
                except NotJson:
                    pass
                else:
                    yield Parsed(number, 1, 0, raw, value)
                    continue
            yield from self._push(number, raw)
        while self._open is not None:
            yield from self._give_up(self._open)

    def _push(self, number: int, raw: bytes) -> Iterator[Item]:
        current = self._open
        if current is None:
            yield from self._begin(number, raw, may_open=True)
            return
        if not current.feed(number, raw):
            yield from self._give_up(current)
            yield from self._push(number, raw)  # at most once more: _give_up keeps only documents that begin anew
        elif current.is_over_limit:
            yield from self._give_up(current)
        elif current.is_closed or current.has_closed_one:
            yield from self._close(current)

    def _begin(self, number: int, raw: bytes, may_open: bool) -> Iterator[Item]:
        stripped = raw.strip().removeprefix(b"\xef\xbb\xbf").lstrip(b"\x1e")
        if not stripped:
            yield Ignored(number, 1, "blank")
            return
        if stripped[:1] not in (b"{", b"["):
            yield self._other(number, raw, stripped)
            return
        try:
            found, stop = documents(stripped, self._max_depth)
        except TooDeep:
            yield Refused(number, 1, 0, "too_deep", raw)
            return
        rest = stripped[stop:]
        if found and not (rest in (b"", b",") or rest[:1] in (b"{", b"[")):
            yield Refused(number, 1, 0, "not_json", raw)
            return
        for index, document in enumerate(found):
            value_raw = stripped[document.start : document.end]
            yield Parsed(number, 0 if index else 1, index, value_raw, document.value)
        if not found or rest[:1] in (b"{", b"["):
            yield from self._rest(number, rest if found else raw, len(found), may_open)

    def _rest(self, number: int, rest: bytes, index: int, may_open: bool) -> Iterator[Item]:
        """What is left of a line after `index` documents: the beginning of one that goes on, or damage."""
        if may_open and _OPENS.test(rest):
            opened = _Open(self._max_depth, counted=index > 0, index=index)
            if opened.feed(number, rest) and not opened.is_closed:
                self._open = opened
                return
        if index:
            yield Refused(number, 0, index, "not_json", rest)
        else:
            yield self._other(number, rest, rest.strip())

    def _other(self, number: int, raw: bytes, stripped: bytes) -> Plain | Refused:
        """A line that begins no object: a scalar, text, or JSON that has lost a part."""
        if stripped[:1] in (b"{", b'"'):
            return Refused(number, 1, 0, self._damage_reason(stripped), raw)
        if _DAMAGE.test_anywhere(stripped) and not self._holds_an_object(stripped):
            return Refused(number, 1, 0, "not_json", raw)
        return Plain(number, raw)

    def _damage_reason(self, stripped: bytes) -> str:
        try:
            load(stripped, self._max_depth)
        except TooDeep:
            return "too_deep"
        except NotJson:
            return "not_json"
        return "not_an_object"

    def _holds_an_object(self, stripped: bytes) -> bool:
        """Text, a blank, then a whole object to the end: a message that shows its payload, not damage."""
        start = stripped.find(b"{")
        if start < 1 or not stripped[start - 1 : start].isspace() or b'"' in stripped[:start]:
            return False
        try:
            return isinstance(load(stripped[start:], self._max_depth), dict)
        except (NotJson, TooDeep):
            return False

    def _close(self, current: _Open) -> Iterator[Item]:
        """Yield the documents that ended; keep what has begun after them in the last line."""
        joined = current.joined()
        try:
            found, stop = documents(joined, self._max_depth)
        except TooDeep:
            found, stop = [], 0
        rest = joined[stop:]
        if not found or (current.is_closed and rest.strip(b" \t\r\n,")):
            if current.is_closed or not current.too_deep:
                yield from self._give_up(current)
            return
        self._open = None
        first = current.lines[0][0]
        yield from _placed(joined, found, first, current)
        last_number = current.lines[-1][0]
        if not current.is_closed:
            opened = _Open(self._max_depth, counted=True, index=_index_in_line(joined, found, current))
            if opened.feed(last_number, rest):
                self._open = opened
            else:
                yield Refused(last_number, 0, opened.index, "not_json", rest)

    def _give_up(self, current: _Open) -> Iterator[Item]:
        """Refuse the open document's first lines and read the rest again from the next line that begins one."""
        self._open = None
        lines = current.lines
        cut = len(lines)
        if not current.is_closed:
            cut = next((at for at in range(1, len(lines)) if lines[at][1][:1] == b"{"), len(lines))
        reason = "too_deep" if current.too_deep and cut == len(lines) else "not_json"
        raw = b"\n".join(line for _, line in lines[:cut])
        yield Refused(lines[0][0], cut - current.counted, current.index, reason, raw)
        retried_to = self._retried_to
        self._retried_to = max(retried_to, lines[-1][0])
        for number, line in lines[cut:]:
            if number <= retried_to:
                yield from self._begin(number, line, may_open=False)
            else:
                yield from self._push(number, line)


def _placed(joined: bytes, found: list[Document], first: int, current: _Open) -> Iterator[Parsed]:
    """Give each document its line, its place in the line, and the lines that none before it has counted."""
    line, position, counted_to = first, 0, first - (0 if current.counted else 1)
    index, index_line = current.index - 1, first
    for at, document in enumerate(found):
        line += joined.count(b"\n", position, document.start)
        position = document.start
        index = index + 1 if line == index_line else 0
        index_line = line
        end_line = line + joined.count(b"\n", document.start, document.end)
        if at + 1 == len(found) and current.is_closed:
            end_line = first + len(current.lines) - 1  # with blank lines after the last document
        raw = joined[document.start : document.end]
        yield Parsed(line, end_line - counted_to, index, raw, document.value)
        counted_to = end_line


def _index_in_line(joined: bytes, found: list[Document], current: _Open) -> int:
    """How many documents begin in the last line before the one that stays open."""
    line_start = joined.rfind(b"\n") + 1
    in_line = sum(1 for document in found if document.start >= line_start)
    return in_line + (current.index if line_start == 0 else 0)


def read_json(lines: Lines, max_depth: int) -> Iterator[Item]:
    """Items of `lines` in order; line counts add up to the number of lines."""
    return JsonStream(max_depth).read(lines)


__all__ = ["Item", "JsonStream", "Parsed", "Plain", "read_json"]
