"""What a report says, word by word and row by row: a change of it is seen in review, and raises REPORTS_VERSION.

After a change that is meant: raise the version, `WRITE_SNAPSHOT=1 make test ARGS=tests/reports/test_golden.py`, look at
the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from logsight_assets.lake import Lake
from logsight_assets.reports.gather import gather
from logsight_assets.reports.headlines import headlines
from logsight_assets.reports.number_rows import number_rows
from logsight_assets.reports.page import render
from logsight_assets.reports.period import Period
from logsight_assets.versions import REPORTS_VERSION
from resources.query_engine import QueryEngine
from tests.reports.lakes import BEFORE, DAY, WEEKDAY, Lines, put_states, put_trends, whole_days
from tests.reports.test_page import Page

GOLDEN = Path(__file__).with_name("golden_report.json")
WRITE = bool(os.environ.get("WRITE_SNAPSHOT"))  # read when the module loads: the clean environment takes it away


def test_the_report_is_the_one_in_the_file(lake: Lake, engine: QueryEngine) -> None:
    days = ((DAY, 60), (BEFORE, 50), (WEEKDAY, 40))
    lines = [Lines(f"{day}T{hour:02}", count, 1, duration_ms=20) for day, count in days for hour in range(4)]
    lines += [Lines(f"{DAY}T02", 80, 70, service="payment", pattern=2, mask="card 0 declined", duration_ms=900)]
    lines += [Lines(f"{day}T02", 80, service="payment", pattern=3, mask="card 0 charged") for day, _ in days[1:]]
    put_trends(lake, "acme", lines)
    put_states(
        lake, "acme", whole_days("shop", BEFORE, WEEKDAY) | {("shop", f"{DAY}T{h:02}"): "complete" for h in range(4)}
    )
    numbers = gather(lake, engine, Period.day(DAY), "acme").numbers
    text = Page(render(numbers, headlines(numbers), [], "0" * 64)).text
    rows = [
        " ".join(f"{name}={value}" for name, value in row.items() if value not in (None, ""))
        for row in number_rows(numbers).to_pylist()
    ]
    said = [line for line in text.partition("@media print")[2].partition("Daily report")[2].splitlines() if line]
    found = {"version": REPORTS_VERSION, "page": said, "rows": rows}
    if WRITE:
        GOLDEN.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))
