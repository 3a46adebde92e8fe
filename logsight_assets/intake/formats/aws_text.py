"""Text logs of AWS beside load balancers: VPC flow logs (any version, custom columns) and S3 server access logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats.access import clf_moment
from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.http_fields import quoted_tokens, set_int, set_request_line, set_status, set_text
from logsight_assets.intake.formats.multiline import Fields, TextRules, never_continues, no_other_reading, read_text
from logsight_assets.intake.formats.times import parse_time, written_nanos
from logsight_assets.intake.records import Lines, Outcome, ParseContext

_VPC_DEFAULT = [
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
    "bytes", "start", "end", "action", "log-status",
]  # fmt: skip
_VPC_COLUMNS = frozenset(_VPC_DEFAULT) | {
    "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr", "region", "az-id",
    "flow-direction", "traffic-path", "sublocation-type", "sublocation-id", "pkt-src-aws-service",
    "pkt-dst-aws-service", "resource-type", "tgw-id", "tgw-attachment-id", "encryption-status",
}  # fmt: skip
_VPC_NAMES = {
    "srcaddr": "source.address", "dstaddr": "destination.address", "account-id": "cloud.account.id",
    "region": "cloud.region", "az-id": "cloud.availability_zone_id", "instance-id": "host.id", "type": "network.type",
}  # fmt: skip
_VPC_INTEGERS = {
    "srcport": "source.port", "dstport": "destination.port", "bytes": "network.io.bytes",
    "packets": "network.packets", "start": "aws.vpc.start", "end": "aws.vpc.end", "version": "aws.vpc.version",
}  # fmt: skip
_PROTOCOLS = {b"1": "icmp", b"6": "tcp", b"17": "udp", b"58": "ipv6-icmp", b"47": "gre", b"50": "esp"}


def is_vpc_header(raw: bytes) -> bool:
    """Whether a line is the header that S3 delivery writes: nothing but known column names."""
    names = raw.split()
    return len(names) >= 3 and all(text_of(name) in _VPC_COLUMNS for name in names)


class VpcLines:
    """Reads lines by the header before them, else by the default columns of version 2."""

    def __init__(self) -> None:
        self.columns = _VPC_DEFAULT

    def ignored(self, raw: bytes) -> str | None:
        """The rule for a header line; takes its columns."""
        if raw[:1].isdigit() or not is_vpc_header(raw):
            return None
        self.columns = [text_of(name) for name in raw.split()]
        return "header"

    def line(self, raw: bytes, context: ParseContext) -> Fields | None:
        """Fields of a flow; its time is the start of the capture window."""
        values = raw.split()
        if len(values) != len(self.columns):
            return None
        row = dict(zip(self.columns, values, strict=True))
        attributes: dict[str, Any] = {}
        fields: Fields = {"body": text_of(raw), "attributes": attributes}
        nanos = parse_time(text_of(row.get("start", b"")), context)
        if nanos is not None:
            fields["timeUnixNano"] = nanos
        for name, value in row.items():
            if name in _VPC_INTEGERS:
                set_int(attributes, _VPC_INTEGERS[name], value)
            elif name == "protocol":
                set_text(attributes, "network.protocol.number", value)
                if value in _PROTOCOLS:
                    attributes["network.transport"] = _PROTOCOLS[value]
            else:
                set_text(attributes, _VPC_NAMES.get(name, "aws.vpc." + name.replace("-", "_")), value)
        return fields


def parse_vpc_flow(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a VPC flow log."""
    reader = VpcLines()
    return read_text(lines, context, TextRules(reader.line, never_continues, no_other_reading, reader.ignored))


# Columns after the time, in AWS's order; AWS appends new ones, which are kept by number.
_S3_COLUMNS = (
    "client.address", "aws.s3.requester", "aws.request_id", "aws.s3.operation", "aws.s3.key", "", "",
    "aws.s3.error_code", "http.response.body.size", "aws.s3.object_size", "aws.s3.total_time_ms",
    "aws.s3.turn_around_time_ms", "http.request.header.referer", "user_agent.original", "aws.s3.version_id",
    "aws.extended_request_id", "aws.s3.signature_version", "tls.cipher", "aws.s3.authentication_type",
    "server.address", "tls.protocol.version", "aws.s3.access_point_arn", "aws.s3.acl_required",
)  # fmt: skip


def s3_access_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of an S3 server access entry."""
    opening, closing = raw.find(b" ["), raw.find(b"] ")
    before = raw[:opening].split(b" ")
    if opening < 0 or closing < opening or len(before) != 2 or len(before[0]) < 32:
        return None
    moment = clf_moment(raw[opening + 2 : closing])
    tokens = quoted_tokens(raw[closing + 2 :])
    if moment is None or len(tokens) < 12:
        return None
    attributes: dict[str, Any] = {"aws.s3.owner": text_of(before[0]), "aws.s3.bucket": text_of(before[1])}
    fields: Fields = {"body": text_of(raw), "attributes": attributes}
    nanos = written_nanos(moment, context)
    if nanos is not None:
        fields["timeUnixNano"] = nanos
    for name, token in zip(_S3_COLUMNS, tokens, strict=False):
        if name.endswith(("_ms", "size")):
            set_int(attributes, name, token)
        elif name:
            set_text(attributes, name, token)
    set_request_line(attributes, tokens[5])
    set_status(fields, attributes, tokens[6])
    duration = attributes.get("aws.s3.total_time_ms")
    if isinstance(duration, int):
        attributes["duration_ms"] = duration
    if len(tokens) > len(_S3_COLUMNS):
        attributes["aws.s3.extra"] = [text_of(token) for token in tokens[len(_S3_COLUMNS) :]]
    return fields


def parse_s3_access(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of an S3 server access log."""
    return read_text(lines, context, TextRules(s3_access_line, never_continues, no_other_reading))
