"""Log formats: what each makes of an object's lines, and which one an object is in.

A format is a generator from numbered lines (bytes, line feeds removed) to outcomes: records, refusals, ignored lines.
It holds one record at a time, reads no clock and raises for no input; for any input the outcomes' line counts add up to
the number of lines. To add one: a module with a `parse` function here, a row in `FORMATS`, a vote in `detect.py`, and a
row in docs/formats.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from logsight_assets.errors import ConfigurationError
from logsight_assets.intake.formats.access import parse_access
from logsight_assets.intake.formats.aws_text import parse_s3_access, parse_vpc_flow
from logsight_assets.intake.formats.cloudtrail import parse_cloudtrail
from logsight_assets.intake.formats.cloudwatch import parse_cloudwatch
from logsight_assets.intake.formats.containers import parse_cri, parse_docker, parse_prefixed
from logsight_assets.intake.formats.detect import detect
from logsight_assets.intake.formats.encoding import bom_encoding
from logsight_assets.intake.formats.flat_record import flat_record
from logsight_assets.intake.formats.journald import parse_journald
from logsight_assets.intake.formats.json_lines import parse_flat, parse_json
from logsight_assets.intake.formats.load_balancers import parse_load_balancer
from logsight_assets.intake.formats.mysql_slow import parse_mysql_slow
from logsight_assets.intake.formats.otlp import parse_otlp
from logsight_assets.intake.formats.placing import with_own_index
from logsight_assets.intake.formats.regex_text import parse_regex
from logsight_assets.intake.formats.syslog import parse_syslog
from logsight_assets.intake.formats.text import (
    parse_haproxy,
    parse_klog,
    parse_logfmt,
    parse_text,
    parse_timestamped,
)
from logsight_assets.intake.formats.w3c import parse_w3c
from logsight_assets.intake.records import Lines, Outcome, ParseContext

Parse = Callable[[Lines, ParseContext], Iterator[Outcome]]


@dataclass(frozen=True)
class Format:
    """One format."""

    name: str
    description: str
    parse: Parse
    own_id: bool = False  # whether its records carry an id of their own (beside `log.record.uid`, which any may)
    is_json: bool = False


def _format(name: str, description: str, parse: Parse, *, own_id: bool = False, is_json: bool = False) -> Format:
    if is_json:
        return Format(name, description, lambda lines, context: with_own_index(parse(lines, context)), own_id, True)
    return Format(name, description, parse, own_id)


FORMATS: dict[str, Format] = {
    known.name: known
    for known in (
        _format("flat", "the log router's JSON lines, OTLP's names", parse_flat, own_id=True, is_json=True),
        _format("json", "JSON records with the usual names, or by a field map", parse_json, is_json=True),
        _format("otlp", "OTLP/JSON log requests", parse_otlp, is_json=True),
        _format("cloudwatch", "CloudWatch Logs subscription", parse_cloudwatch, own_id=True, is_json=True),
        _format("cloudtrail", "AWS CloudTrail", parse_cloudtrail, own_id=True, is_json=True),
        _format("journald", "systemd journal, JSON or export", parse_journald, is_json=True),
        _format("docker", "Docker json-file", parse_docker, is_json=True),
        _format("cri", "Kubernetes CRI container log", parse_cri),
        _format("compose", "docker compose output, `service | line`", parse_prefixed),
        _format("syslog", "syslog, RFC 3164 and RFC 5424", parse_syslog),
        _format("access", "nginx and Apache access log", parse_access),
        _format("alb", "AWS load balancer access log (ALB, ELB, NLB)", parse_load_balancer),
        _format("s3_access", "S3 server access log", parse_s3_access),
        _format("vpc_flow", "VPC flow log", parse_vpc_flow),
        _format("haproxy", "HAProxy HTTP and TCP log without syslog header", parse_haproxy),
        _format("w3c", "W3C extended log (IIS, CloudFront)", parse_w3c),
        _format("klog", "klog and glog", parse_klog),
        _format("logfmt", "logfmt", parse_logfmt),
        _format("timestamped", "text records that begin with a time (log4j, Python, …)", parse_timestamped),
        _format("mysql_slow", "MySQL slow query log", parse_mysql_slow),
        _format("regex", "text by the source's expression with named groups", parse_regex),
        _format("text", "any other text, a line a record", parse_text),
    )
}

# What people call these formats.
ALIASES: dict[str, str] = {
    "jsonl": "json", "json_lines": "json", "ndjson": "json", "ecs": "json", "otlp_json": "otlp", "cwl": "cloudwatch",
    "nginx": "access", "apache": "access", "elb": "alb", "nlb": "alb", "iis": "w3c", "cloudfront": "w3c",
    "log4j": "timestamped", "glog": "klog", "journal": "journald", "plain": "text", "rfc3164": "syslog",
    "rfc5424": "syslog",
}  # fmt: skip


def format_named(name: str) -> Format:
    """The format of a name or alias; ConfigurationError names the ones there are."""
    found = FORMATS.get(ALIASES.get(name, name))
    if found is None:
        raise ConfigurationError(f"format {name!r} is unknown; known are: {', '.join(FORMATS)}")
    return found


def parse_object(lines: Lines, format_name: str, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of an object's lines in the named format, one pass."""
    return format_named(format_name).parse(lines, context)


__all__ = ["ALIASES", "FORMATS", "Format", "bom_encoding", "detect", "flat_record", "format_named", "parse_object"]
