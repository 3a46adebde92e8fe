"""Severity from names, aliases, numeric scales and text."""

from __future__ import annotations

import pytest

from logsight_assets.intake.formats.severity import severity_number, status_severity, syslog_severity, text_severity


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("INFO", 9), ("info", 9), ("Information", 9), ("inf", 9), ("I", 9), ("notice", 10), ("WARNING", 13),
        ("wrn", 13), ("Error", 17), ("ERR", 17), ("e", 17), ("SEVERE", 17), ("CRITICAL", 18), ("alert", 19),
        ("FATAL", 21),
        ("emerg", 21), ("panic", 21), ("trace", 1), ("DEBUG", 5), ("DEBUG5", 8), ("[warn]", 13), ("local.ERROR", 17),
        (30, 9), (50, 17), (60, 21), ("40", 13), (3, 17), (20000, 9), (400, 17), (20.0, 5),
    ],
    ids=str,
)  # fmt: skip
def test_a_level_has_its_opentelemetry_number(value: object, number: int) -> None:
    assert severity_number(value)[0] == number


@pytest.mark.parametrize(
    ("value", "scale", "number"),
    [(40, "python", 17), (40, "level", 13), (400, "google", 13), (3, "otel", 3), ("4", "syslog", 13), (7, "syslog", 5)],
)
def test_a_number_counts_on_its_fields_scale(value: object, scale: str, number: int) -> None:
    assert severity_number(value, scale)[0] == number


@pytest.mark.parametrize("value", ["STATS", "Metadata", "x" * 200, 1.5, 33, "33"])
def test_an_unknown_level_keeps_its_text_and_gets_no_number(value: object) -> None:
    assert severity_number(value) == (None, str(value))


@pytest.mark.parametrize("value", [None, True, "", "  ", [], {}])
def test_what_is_no_level_is_none(value: object) -> None:
    assert severity_number(value) == (None, None)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"something ERROR happened", 17),
        (b"x [warn] y", 13),
        (b"level=debug a=b", 5),
        (b"error: no such file", 17),
        (b"Traceback (most recent call last):", 17),
        (b"java.lang.NullPointerException: x", 17),
        (b"panic: runtime error", 21),
        (b"<critical> x", None),
        (b"there was no error here", None),
        (b"0 ERRORS found", None),
        (b"INFORMATIONAL text about errors", None),
        (b"\xff\xfe", None),
    ],
    ids=str,
)
def test_free_text_has_a_level_only_beyond_doubt(line: bytes, number: int | None) -> None:
    assert text_severity(line)[0] == number


def test_syslog_and_status_scales() -> None:
    assert [syslog_severity(priority) for priority in (0, 3, 4, 6, 7, 165)] == [21, 17, 13, 9, 5, 10]
    assert [status_severity(status) for status in (200, 302, 404, 500, 503)] == [9, 9, 13, 17, 17]
