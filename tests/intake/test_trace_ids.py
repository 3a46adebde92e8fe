"""Trace and span ids in the forms of W3C, B3, X-Ray, Datadog and OTLP's base64."""

from __future__ import annotations

import pytest

from logsight_assets.intake.formats import trace

W3C = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (W3C, W3C),
        (W3C.upper(), W3C),
        ("463ac35c9f6413ad", "0000000000000000463ac35c9f6413ad"),
        ("1-5759e988-bd862e3fe1be46a994272793", "5759e988bd862e3fe1be46a994272793"),
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8", "5759e988bd862e3fe1be46a994272793"),
        (f"00-{W3C}-b7ad6b7169203331-01", W3C),
        (f"projects/p/traces/{W3C}", W3C),
        ("0af76519-16cd-43dd-8448-eb211c80319c", W3C),
        ("0" * 32, None),
        ("0" * 16, None),
        (W3C[:-1], None),
        (W3C[:-1] + "g", None),
        ("", None),
        ("x" * 1000, None),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_trace_id_is_32_lower_case_hex_or_none(text: str, expected: str | None) -> None:
    assert trace.trace_id(text) == expected


def test_headers_carry_both_ids() -> None:
    assert trace.trace_context(f"00-{W3C}-b7ad6b7169203331-01") == (W3C, "b7ad6b7169203331")
    assert trace.trace_context(f"{W3C}-b7ad6b7169203331-1") == (W3C, "b7ad6b7169203331")
    xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    assert trace.trace_context(xray) == ("5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8")
    assert trace.trace_context("nonsense") == (None, None)


def test_datadogs_decimals_are_the_lower_half() -> None:
    assert trace.decimal_trace_id("3172564172058669914") == "00000000000000002c07364e36b0335a"
    assert trace.decimal_span_id("456") == "00000000000001c8"
    assert trace.decimal_trace_id("0") is None
    assert trace.decimal_trace_id("1" * 30) is None


def test_base64_of_protobuf_is_read_by_width() -> None:
    assert trace.base64_id("xBPVtf6jZXMl/2YzIMf9EA==", 32) == "c413d5b5fea3657325ff663320c7fd10"
    assert trace.base64_id("d2UbvVzgzpk=", 16) == "77651bbd5ce0ce99"
    assert trace.base64_id("not-base64-at-all-here!!", 32) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"x trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331 y", (W3C, "b7ad6b7169203331")),
        (b'{traceId: "0af7651916cd43dd8448eb211c80319c"}', (W3C, None)),
        (b'TraceId="0af7651916cd43dd8448eb211c80319c"', (W3C, None)),
        (b"[dd.trace_id=3172564172058669914 dd.span_id=456]", ("00000000000000002c07364e36b0335a", None)),
        (b"XRAY trace Root=1-5759e988-bd862e3fe1be46a994272793", ("5759e988bd862e3fe1be46a994272793", None)),
        (b"the trace_id is unknown", (None, None)),
    ],
    ids=["named", "camel", "pascal", "datadog", "xray", "prose"],
)
def test_text_names_its_ids(line: bytes, expected: tuple[str | None, str | None]) -> None:
    assert trace.text_ids(line) == expected
