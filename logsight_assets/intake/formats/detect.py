"""Which format an object is in, from its first lines, when its source names none.

JSON is tried as a stream of documents; then each line votes for the first format that reads it. A format wins with two
fifths of the lines that can begin a record (indented lines and stack frames cannot). A wrong guess costs little: every
text format reads a line that is not its own as any line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from logsight_assets.intake.formats.access import access_line
from logsight_assets.intake.formats.aws_text import is_vpc_header, s3_access_line
from logsight_assets.intake.formats.cloudtrail import is_cloudtrail
from logsight_assets.intake.formats.cloudwatch import is_subscription
from logsight_assets.intake.formats.containers import cri_line, prefixed_line
from logsight_assets.intake.formats.encoding import without_colours
from logsight_assets.intake.formats.flat_record import is_flat_format
from logsight_assets.intake.formats.haproxy import haproxy_line
from logsight_assets.intake.formats.journald import is_journal
from logsight_assets.intake.formats.json_stream import Parsed, Plain, read_json
from logsight_assets.intake.formats.klog import klog_line
from logsight_assets.intake.formats.load_balancers import load_balancer_line
from logsight_assets.intake.formats.logfmt import logfmt_line
from logsight_assets.intake.formats.multiline import continues_indented
from logsight_assets.intake.formats.mysql_slow import is_block_start
from logsight_assets.intake.formats.otlp import is_otlp
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.syslog import clear_syslog_line
from logsight_assets.intake.formats.timestamped import begins_with_time
from logsight_assets.intake.formats.w3c import W3cLines
from logsight_assets.intake.records import Ignored, ParseContext, numbered

_CONTEXT = ParseContext(arrival_hour=datetime(2025, 1, 1, tzinfo=UTC))  # any: only whether a time is read counts
_MAX_LINES = 200
_SHARE = 0.4

_JSON_OPENING = Pattern(r"\s*(?:\[\s*)*\{\s*(?:\"|$)")
_PREFIXES: tuple[tuple[str, Pattern], ...] = (
    ("otlp", Pattern(r"\s*\{\s*\"(?:resourceLogs|resource_logs)\"\s*:")),
    ("cloudtrail", Pattern(r"\s*\{\s*\"Records\"\s*:\s*\[\s*\{(?s:.*)\"event(?:Version|Source|Name)\"\s*:")),
    ("cloudwatch", Pattern(r"\s*\{(?s:.*)\"messageType\"\s*:\s*\"DATA_MESSAGE\"|\s*\{\s*\"awslogs\"\s*:")),
)


def detect(head: Sequence[bytes]) -> str:
    """The name of the format of an object whose first lines are `head` (ends removed; the last may be cut)."""
    lines = [line.rstrip(b"\r") for line in head[:_MAX_LINES]]
    if lines:
        lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
    filled = [line for line in lines if line and not line.isspace()]
    if not filled:
        return "text"
    return _json_format(lines, filled) or _by_marks(filled) or _by_votes(filled)


def _json_format(lines: list[bytes], filled: list[bytes]) -> str | None:
    """The JSON format, when at least half of the lines are JSON documents or damaged ones."""
    if not any(_JSON_OPENING.test(line) for line in filled):
        return None
    votes: Counter[str] = Counter()
    parsed_lines = refused_lines = plain_lines = 0
    for item in read_json(numbered(lines), _CONTEXT.max_depth):
        if isinstance(item, Parsed):
            values = item.value if isinstance(item.value, list) else [item.value]
            votes.update(_vote(value) for value in values[:50] if isinstance(value, dict))
            parsed_lines += max(item.line_count, 1)
        elif isinstance(item, Plain):
            plain_lines += 1
        elif not isinstance(item, Ignored):
            refused_lines += item.line_count
    if not votes:
        return _cut_document(filled, plain_lines)
    if (parsed_lines + refused_lines) * 2 < parsed_lines + refused_lines + plain_lines:
        return None
    if len(filled) == 1 or parsed_lines:
        name, count = votes.most_common(1)[0]
        special = [(votes[kind], kind) for kind in ("otlp", "cloudwatch", "cloudtrail") if votes[kind]]
        best = max(special, default=(0, name))
        return best[1] if best[0] * 2 >= count else name
    return None


def _cut_document(filled: list[bytes], plain_lines: int) -> str | None:
    """No document ends within the head: one long line, or a long pretty-printed document, known by its beginning."""
    if not _JSON_OPENING.test(filled[0]) or plain_lines * 2 > len(filled):
        return None
    start = b"\n".join(filled)[:65536]
    return next((name for name, pattern in _PREFIXES if pattern.test(start)), "json")


def _vote(value: dict[str, Any]) -> str:
    if is_otlp(value):
        return "otlp"
    if is_subscription(value) or "awslogs" in value:
        return "cloudwatch"
    records = value.get("Records")
    if is_cloudtrail(value) or (
        isinstance(records, list) and records and isinstance(records[0], dict) and is_cloudtrail(records[0])
    ):
        return "cloudtrail"
    if is_journal(value):
        return "journald"
    if isinstance(value.get("log"), str) and value.get("stream") in ("stdout", "stderr") and "time" in value:
        return "docker"
    return "flat" if is_flat_format(value) else "json"


def _by_marks(filled: list[bytes]) -> str | None:
    """Formats that a header line gives away."""
    if any(line[:8].lower() == b"#fields:" for line in filled):
        return "w3c"
    if filled[0].startswith((b"#Software:", b"#Version:")):
        return "w3c"
    if is_vpc_header(filled[0]):
        return "vpc_flow"
    if filled[0].startswith(b"__CURSOR=") or any(line.startswith(b"__REALTIME_TIMESTAMP=") for line in filled):
        return "journald"
    blocks = sum(is_block_start(line) for line in filled)
    return "mysql_slow" if blocks and blocks * 25 >= len(filled) else None


def _is_vpc_line(line: bytes) -> bool:
    values = line.split()
    return len(values) == 14 and values[1].isdigit() and len(values[1]) == 12 and values[2][:4] == b"eni-"


def _reads(parse: Callable[[bytes, ParseContext], object]) -> Callable[[bytes], bool]:
    return lambda line: parse(line, _CONTEXT) is not None


# The first that reads a line has its vote; the stricter come first.
_VOTERS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("cri", _reads(cri_line)),
    ("alb", _reads(load_balancer_line)),
    ("vpc_flow", _is_vpc_line),
    ("s3_access", _reads(s3_access_line)),
    ("access", _reads(access_line)),
    ("w3c", lambda line: W3cLines().line(line, _CONTEXT) is not None),
    ("klog", _reads(klog_line)),
    ("syslog", _reads(clear_syslog_line)),
    ("haproxy", _reads(haproxy_line)),
    ("compose", _reads(prefixed_line)),
    ("timestamped", lambda line: begins_with_time(line, _CONTEXT)),
    ("logfmt", _reads(logfmt_line)),
)


def _by_votes(filled: list[bytes]) -> str:
    votes: Counter[str] = Counter()
    beginnings = 0
    last: list[bytes] = []
    for line in filled:
        clean = without_colours(line)
        name = next((name for name, reads in _VOTERS if reads(clean)), None)
        if name is not None:
            votes[name] += 1
            beginnings += 1
        elif not last or not continues_indented(last, clean, _CONTEXT):
            beginnings += 1
        last = [clean]
    if not votes:
        return "text"
    name, count = votes.most_common(1)[0]
    if name == "timestamped":  # its records may be long: few beginnings are enough when the object starts with one
        is_first = begins_with_time(without_colours(filled[0]), _CONTEXT)
        return name if count >= beginnings * (0.3 if is_first else 0.5) else "text"
    return name if count >= beginnings * _SHARE else "text"
