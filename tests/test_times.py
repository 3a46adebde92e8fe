"""Times and lengths behind options: what is taken, what is refused, and that every `--until` is read alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from logsight_assets.cli import main
from logsight_assets.cli.times import until
from logsight_assets.errors import UsageError
from tests.intake.lakes import NOW, make_lake


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", NOW + timedelta(minutes=30)),
        ("2h", NOW + timedelta(hours=2)),
        ("3d", NOW + timedelta(days=3)),
        ("2025-06-02T09:00Z", datetime(2025, 6, 2, 9, tzinfo=UTC)),
        ("2025-06-02T09:00+02:00", datetime(2025, 6, 2, 7, tzinfo=UTC)),
        ("2025-06-02", datetime(2025, 6, 2, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_span_a_time_with_its_zone_or_the_beginning_of_a_day(text: str, expected: datetime) -> None:
    found = until(text, NOW)
    assert found == expected
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("soon", id="a word"),
        pytest.param("2025-06-02T09:00", id="a time of a zone that nobody knows"),
        pytest.param("20250602T09", id="the same, written shorter"),
        pytest.param("2025-06-31", id="a day that does not exist"),
        pytest.param("2x", id="an unknown unit"),
        pytest.param("999999d", id="longer than anybody means"),
        pytest.param("9999-12-31T23:59-01:00", id="a time that UTC has no year for"),
    ],
)
def test_an_end_that_is_none_of_them_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--until '.*': give a span .* a time with its zone .* or a day"):
        until(text, NOW)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("anomalies", "accept", "0" * 16), id="anomalies accept"),
        pytest.param(("templates", "pin", "0" * 16), id="templates pin"),
        pytest.param(("templates", "name", "0" * 16, "login"), id="templates name"),
        pytest.param(("incidents", "silence"), id="incidents silence"),
    ],
)
def test_every_decision_with_an_end_refuses_a_time_without_its_zone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    make_lake(tmp_path / "lake")
    said = ("--why", "known", "--by", "ann", "--until", "2199-01-01T09:00", "--lake", str(tmp_path / "lake"))
    assert main([*words, *said]) == 2
    assert "--until '2199-01-01T09:00': give a span" in capsys.readouterr().err
