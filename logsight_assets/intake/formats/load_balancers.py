"""Access logs of AWS load balancers: application (ALB), classic (ELB) and network (NLB, TLS listeners)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats import trace
from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.http_fields import (
    quoted_tokens,
    seconds_to_ms,
    set_endpoint,
    set_int,
    set_request_line,
    set_status,
    set_text,
)
from logsight_assets.intake.formats.multiline import Fields, TextRules, never_continues, no_other_reading, read_text
from logsight_assets.intake.formats.times import parse_time
from logsight_assets.intake.records import Lines, Outcome, ParseContext

_ALB_TYPES = frozenset({b"http", b"https", b"h2", b"grpcs", b"ws", b"wss"})
# Columns of an ALB entry from the TLS cipher on, in AWS's order; new ones are appended by AWS, and kept by number.
_ALB_TAIL = (
    "tls.cipher", "tls.protocol.version", "aws.elb.target_group.arn", "aws.elb.trace_id", "server.address",
    "aws.elb.chosen_cert.arn", "aws.elb.matched_rule_priority", "aws.elb.request_creation_time",
    "aws.elb.actions_executed", "aws.elb.redirect_url", "aws.elb.error_reason", "aws.elb.targets",
    "aws.elb.target_status_codes", "aws.elb.classification", "aws.elb.classification_reason", "aws.elb.connection_id",
)  # fmt: skip
_NLB = (
    "aws.elb.name", "aws.elb.listener", "", "", "aws.elb.connection_time_ms", "aws.elb.tls_handshake_time_ms",
    "network.io.receive", "network.io.transmit", "aws.elb.tls_alert", "aws.elb.chosen_cert.arn",
    "aws.elb.chosen_cert_serial", "tls.cipher", "tls.protocol.version", "aws.elb.tls_named_group", "server.address",
    "aws.elb.alpn_fe_protocol", "aws.elb.alpn_be_protocol", "aws.elb.alpn_client_preference_list",
    "aws.elb.tls_connection_creation_time",
)  # fmt: skip


def load_balancer_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of an entry of any of the three kinds; the time is when the response was sent."""
    head = raw[:160].split(b" ", 2)
    if len(head) < 3:
        return None
    if head[0] in _ALB_TYPES:
        return _alb(raw, context)
    if head[0] == b"tls" and head[1][:1].isdigit():
        return _nlb(raw, context)
    if head[0][10:11] == b"T" and head[0][-1:] == b"Z":
        return _classic(raw, context)
    return None


def _alb(raw: bytes, context: ParseContext) -> Fields | None:
    tokens = quoted_tokens(raw)
    nanos = parse_time(text_of(tokens[1]), context) if len(tokens) > 14 else None
    if nanos is None:
        return None
    attributes: dict[str, Any] = {"network.protocol.name": text_of(tokens[0]), "aws.elb.name": text_of(tokens[2])}
    fields: Fields = {"body": text_of(raw), "timeUnixNano": nanos, "attributes": attributes}
    _set_request(fields, tokens[3:14])
    for name, token in zip(_ALB_TAIL, tokens[14:], strict=False):
        set_text(attributes, name, token)
    if len(tokens) > 14 + len(_ALB_TAIL):
        attributes["aws.elb.extra"] = [text_of(token) for token in tokens[14 + len(_ALB_TAIL) :]]
    if len(tokens) > 17:
        trace_id = trace.trace_id(text_of(tokens[17]))
        if trace_id is not None:
            fields["traceId"] = trace_id
    return fields


def _classic(raw: bytes, context: ParseContext) -> Fields | None:
    tokens = quoted_tokens(raw)
    if len(tokens) < 12 or not tokens[9].isdigit() or not tokens[10].isdigit() or b":" not in tokens[2]:
        return None
    nanos = parse_time(text_of(tokens[0]), context)
    if nanos is None:
        return None
    attributes: dict[str, Any] = {"aws.elb.name": text_of(tokens[1])}
    fields: Fields = {"body": text_of(raw), "timeUnixNano": nanos, "attributes": attributes}
    _set_request(fields, tokens[2:13])
    for name, token in zip(("tls.cipher", "tls.protocol.version"), tokens[13:], strict=False):
        set_text(attributes, name, token)
    return fields


def _set_request(fields: Fields, columns: list[bytes]) -> None:
    """client target three-latencies two-statuses two-sizes request [user-agent]."""
    attributes = fields["attributes"]
    client, target, first, second, third, status, target_status, received, sent, request, *agent = columns
    set_endpoint(attributes, "client", client)
    set_endpoint(attributes, "aws.elb.target", target)
    duration = seconds_to_ms(first, second, third)
    if duration is not None:
        attributes["duration_ms"] = duration
    for name, latency in (("request", first), ("target", second), ("response", third)):
        set_text(attributes, f"aws.elb.{name}_processing_seconds", latency)
    set_status(fields, attributes, status)
    set_text(attributes, "aws.elb.target_status_code", target_status)
    set_int(attributes, "http.request.size", received)
    set_int(attributes, "http.response.body.size", sent)
    set_request_line(attributes, request.removesuffix(b" -").rstrip() if request.startswith(b"- ") else request)
    if agent:
        set_text(attributes, "user_agent.original", agent[0])


def _nlb(raw: bytes, context: ParseContext) -> Fields | None:
    tokens = quoted_tokens(raw)
    nanos = parse_time(text_of(tokens[2]), context) if len(tokens) > 15 else None
    if nanos is None:
        return None
    attributes: dict[str, Any] = {"network.protocol.name": "tls", "aws.elb.log_version": text_of(tokens[1])}
    fields: Fields = {"body": text_of(raw), "timeUnixNano": nanos, "attributes": attributes, "severityNumber": 9}
    for name, token in zip(_NLB, tokens[3:], strict=False):
        if name.endswith(("_ms", "receive", "transmit")):
            set_int(attributes, name, token)
        elif name:
            set_text(attributes, name, token)
    set_endpoint(attributes, "client", tokens[5])
    set_endpoint(attributes, "server", tokens[6])
    duration = attributes.get("aws.elb.connection_time_ms")
    if isinstance(duration, int) and duration >= 0:
        attributes["duration_ms"] = duration
    if len(tokens) > 3 + len(_NLB):
        attributes["aws.elb.extra"] = [text_of(token) for token in tokens[3 + len(_NLB) :]]
    return fields


RULES = TextRules(load_balancer_line, never_continues, no_other_reading)


def parse_load_balancer(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a load balancer's log object."""
    return read_text(lines, context, RULES)
