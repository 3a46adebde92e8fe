"""Stored events may not change by accident: a change is a new EVENTS_VERSION, so that older objects show as stale.

`golden_events.json` holds, for a few raw lines of common formats, every column of the events that they become.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from logsight_assets.versions import EVENTS_VERSION
from tests.intake.lakes import HOUR, define_source, events, flat_line, make_lake, put_raw, read_all, refused

GOLDEN = Path(__file__).parent / "golden_events.json"
REMEDY = """stored events are not those of tests/intake/golden_events.json.
If that is on purpose: raise EVENTS_VERSION in logsight_assets/versions.py, write the file anew by
    .venv/bin/python -m tests.intake.test_golden_events
and look at its diff: every changed value will differ between old and new objects of each lake."""

# Tokens and hashes are made with these: with keys of its own every lake has others.
KEYS = {"record": "0f" * 16, "redaction": {"1": "5a" * 32}, "current": 1}

OBJECTS: dict[str, list[bytes]] = {
    "flat": [
        flat_line(minute=1, event_id="e-1", traceId="a1" * 16, spanId="b2" * 8, attributes={"duration_ms": 12.5}),
        flat_line(
            minute=2, body="mail to anna@example.com, card 4111 1111 1111 1111", attributes={"user": "a@b.example"}
        ),
        flat_line(minute=3, severityNumber=17, severityText="ERROR", body="failed 0a1b2c\n  at a.py:7\n  at b.py:9"),
        flat_line(timeUnixNano=None, attributes={"http.response.status_code": 503, "sample_weight": 10}),
        flat_line(minute=4, attributes={"duration_ms": -1, "log.sample_weight": 0}),
        flat_line(timeUnixNano=str((HOUR + 5).start_nano), observedTimeUnixNano=str(HOUR.start_nano + 1)),
        flat_line(minute=-30, tenant="globex", resource={"host.name": "h1", "deployment.environment": "prod"}),
    ],
    "json": [
        b'{"time":"2025-06-01T10:05:06.789Z","level":"warn","msg":"slow query","service":"orders","elapsed_ms":"1500"}',
        b'{"ts":1748772307.5,"severity":"FATAL","message":{"code":7},"password":"hunter2","trace_id":"zz"}',
        b'{"no":"message"}',
    ],
    "syslog": [
        b"<34>1 2025-06-01T10:07:00.003Z web-1 sshd 812 ID47 - Failed password for root from 192.0.2.7 port 22",
        b"Jun  1 10:08:00 web-2 kernel: [12.3] eth0: link up",
    ],
    "access": [
        b'192.0.2.7 - anna [01/Jun/2025:10:09:00 +0000] "GET /cart?id=17 HTTP/1.1" 200 512 "-" "curl/8.0"',
        b'192.0.2.8 - - [01/Jun/2025:12:10:00 +0200] "POST /pay HTTP/1.1" 502 0 "-" "Mozilla/5.0 (X11)"',
    ],
    "text": [
        b"2025-06-01 10:11:12,345 ERROR Unhandled exception",
        b"Traceback (most recent call last):",
        b'  File "a.py", line 1',
        b"ValueError: 7",
        b"2025-06-01 10:11:13,000 INFO caf\xc3\xa9 open",
    ],
}


def stored(root: Path) -> list[dict[str, Any]]:
    """Every event of the objects, in a fixed order, as it can be written as JSON."""
    lake = make_lake(root)
    (lake.state / "keys.json").write_text(json.dumps(KEYS))
    define_source(lake, "access", format="access", tenant="acme", service="edge", environment="prod")
    for source, lines in OBJECTS.items():
        put_raw(lake, lines, "golden", source=source, compress=False)
    read_all(lake)
    assert refused(lake) == []
    rows = sorted(events(lake), key=lambda e: (e["source"], e["raw_line"], e["raw_record"]))
    found: list[dict[str, Any]] = json.loads(json.dumps(rows, default=str))
    return found


def test_stored_events_change_only_with_their_version(tmp_path: Path) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    found = stored(tmp_path)
    changed = [
        f"{event['source']} line {event['raw_line']}: {name} is {event[name]!r}, was {was.get(name)!r}"
        for event, was in zip(found, golden["events"], strict=False)
        for name in event
        if event[name] != was.get(name)
    ]
    assert golden["events"] == found, "\n".join([REMEDY, *changed])
    assert golden["events_version"] == EVENTS_VERSION, REMEDY


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        held = {"events_version": EVENTS_VERSION, "events": stored(Path(folder))}
    GOLDEN.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
