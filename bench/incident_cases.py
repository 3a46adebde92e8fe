"""Cases to score first answers on: given ones, silent ones, and faults put into normal traffic with a known truth.

A case is what a solver may see (rows, alarm) and what is true (service, how the logs show it). Made cases use nothing
but a seed, so that they are the same every time.
"""

from __future__ import annotations

import copy
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]  # a line of the logs: time (seconds since 1970, a float), service, severity, body, trace_id …
LINE, ABSENCE, TIMING, NONE = "line", "absence", "timing", "none"


@dataclass(frozen=True)
class Case:
    """One incident, or a time in which there was none."""

    name: str
    origin: str
    rows: list[Row]
    alarm: dict[str, Any]
    root: str
    visible: str  # LINE, ABSENCE, TIMING or NONE
    evidence: str | None = None  # expression that the bodies of an evidence line match
    evidence_service: str | None = None
    services: int = field(default=1)

    def lines(self) -> bytes:
        """The logs, packed as they are delivered."""
        texts = (json.dumps({**row, "time": iso(row["time"])}, separators=(",", ":")) for row in self.rows)
        return gzip.compress("\n".join(texts).encode() + b"\n", mtime=0)


def seconds(text: str) -> float:
    """Seconds since 1970 of a time in a case's files."""
    found = datetime.fromisoformat(text)
    return found.timestamp()


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def literal_part(text: str) -> str:
    """An expression for the longest part of a text between its placeholders, such as {n}."""
    return re.escape(max(re.split(r"\{\w+\}", text), key=len))


def given(folder: Path) -> list[Case]:
    """Cases of a folder: one folder each, with logs.jsonl.gz, alarm.json and truth.json."""
    return [_given(file.parent) for file in sorted(folder.glob("*/truth.json"))]


def _given(folder: Path) -> Case:
    truth = json.loads((folder / "truth.json").read_text())
    with gzip.open(folder / "logs.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        row["time"] = seconds(row["time"][:26].rstrip("Z") + "Z")
    evidence = truth.get("evidence") or {}
    return Case(
        folder.name,
        folder.name.split("-")[0],
        rows,
        json.loads((folder / "alarm.json").read_text()),
        truth["root_cause_service"],
        truth["visible_in_logs"],
        evidence.get("regex"),
        evidence.get("service"),
        len(truth["services_in_logs"]),
    )


def onset(case: Case, folder: Path) -> float:
    """When the fault of a given case began."""
    return seconds(
        json.loads((folder / case.name / "truth.json").read_text())["fault_window"]["start"][:26].rstrip("Z") + "Z"
    )


def alarm_at(moment: float, service: str, window: float) -> dict[str, Any]:
    """An alarm on a service's errors, of two datapoints."""
    stamp = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    data = {"version": "1.0", "period": max(1, round(window / 2)), "recentDatapoints": [7.0, 9.0], "threshold": 5.0}
    metric = {"namespace": "ECS/ContainerInsights", "name": "HTTP5XX", "dimensions": {"ServiceName": service}}
    return {
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "region": "eu-west-1",
        "time": stamp,
        "resources": [f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{service}-5xx"],
        "detail": {
            "alarmName": f"{service}-5xx",
            "state": {"value": "ALARM", "timestamp": stamp, "reason": "", "reasonData": json.dumps(data)},
            "previousState": {"value": "OK"},
            "configuration": {"metrics": [{"id": "m", "metricStat": {"metric": metric, "period": 60, "stat": "Sum"}}]},
        },
    }


# Normal time ----------------------------------------------------------------------------------------------------------


def normal_segments(cases: Sequence[Case], folder: Path) -> list[list[Row]]:
    """Rows before the fault of each case, in one piece each: the last stretch without a hole of ten seconds."""
    found = []
    for case in cases:
        begins = onset(case, folder)
        rows = [row for row in case.rows if row["time"] < begins - 1]
        cut = 0
        for place in range(1, len(rows)):
            if rows[place]["time"] - rows[place - 1]["time"] > 10:
                cut = place
        rows = rows[cut:]
        if rows and rows[-1]["time"] - rows[0]["time"] >= 25 and len(rows) >= 200:
            found.append(rows)
    return found


@dataclass(frozen=True)
class Stage:
    """Normal rows in one piece, of which the last segment is where something may happen."""

    rows: list[Row]
    start: float  # of the last segment
    end: float


def stage(segments: Sequence[list[Row]], dice: random.Random, pieces: int) -> Stage:
    """Some segments behind one another; the last is another one each time."""
    chosen = dice.sample(range(len(segments)), min(pieces, len(segments)))
    rows: list[Row] = []
    clock = 1_750_000_000.0
    start = clock
    for number in chosen:
        segment = segments[number]
        start = clock
        shift = clock - segment[0]["time"]
        rows += [{**row, "time": row["time"] + shift} for row in segment]
        clock = rows[-1]["time"] + 0.5
    return Stage(rows, start, clock)


def silent(segments: Sequence[list[Row]], origin: str, count: int, seed: int) -> list[Case]:
    """Alarms in normal time: the logs do not show why."""
    found = []
    for number in range(count):
        dice = random.Random(f"{seed}-silent-{number}")
        place = stage(segments, dice, dice.choice([2, 3, 4]))
        services = sorted({row["service"] for row in place.rows})
        window = (place.end - place.start) / 1.5
        alarm = alarm_at(place.start + window, dice.choice(services), window)
        found.append(
            Case(
                f"{origin}-silent-{number:02}", f"{origin}-silent", place.rows, alarm, "", NONE, services=len(services)
            )
        )
    return found  # fmt: skip


# Faults ---------------------------------------------------------------------------------------------------------------

_FAILURES = (
    ("ERROR", "Could not acquire JDBC Connection; nested exception is java.sql.SQLTransientConnectionException"),
    ("ERROR", "Unexpected end of stream while reading response from cache shard {n}"),
    ("WARN", "Circuit breaker 'inventoryLookup' is now OPEN after {n} calls"),
    ("ERROR", 'java.lang.NullPointerException: Cannot invoke "Order.getId()" because "order" is null'),
    ("ERROR", "write /var/data/segment-{n}: no space left on device"),
    ("INFO", "Retrying statement after deadlock, attempt {n}"),
)
_CALLER = ("ERROR", "Upstream call returned status 500 after {n} ms")


def faults(segments: Sequence[list[Row]], origin: str, count: int, seed: int) -> list[Case]:
    """Faults in normal traces: a new line that callers pass on, a line that stops, gaps that grow; some without
    severities, some without traces."""
    found = []
    for number in range(count):
        dice = random.Random(f"{seed}-fault-{number}")
        kind = (LINE, ABSENCE, TIMING)[number % 3]
        made = _fault(stage(segments, dice, dice.choice([2, 3, 4])), kind, dice)
        if made is None:
            continue
        case = replace(made, name=f"{origin}-{kind}-{number:02}", origin=f"{origin}-made")
        if number % 4 == 1:
            case = _without_severities(case)
        if number % 5 == 2 and kind != TIMING:
            case = _without_traces(case)
        found.append(case)
    return found


def _fault(place: Stage, kind: str, dice: random.Random) -> Case | None:
    window = (place.end - place.start) / 1.5
    begins = place.start + dice.choice([0.0, 0.25, 0.4]) * window
    traces: dict[str, list[Row]] = defaultdict(list)
    for row in place.rows:
        if row.get("trace_id"):
            traces[row["trace_id"]].append(row)
    callers: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, int] = defaultdict(int)
    for rows in traces.values():
        first = rows[0]["service"]
        for service in {row["service"] for row in rows}:
            seen[service] += rows[0]["time"] >= begins
            if service != first:
                callers[service].add(first)
    able = sorted(service for service in callers if seen[service] >= 6)
    if not able:
        return None
    root = dice.choice(able)
    symptom = dice.choice(sorted(callers[root]))
    put = {LINE: _put_line, ABSENCE: _put_absence, TIMING: _put_delay}[kind]
    done = put(copy.deepcopy(place.rows), begins, root, symptom, dice)
    if done is None:
        return None
    rows, evidence = done
    services = len({row["service"] for row in rows})
    alarm = alarm_at(place.start + window, symptom, window)
    return Case("", "", sorted(rows, key=lambda row: row["time"]), alarm, root, kind, evidence, root, services)


def _affected(rows: list[Row], begins: float, root: str) -> Iterator[list[Row]]:
    traces: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("trace_id"):
            traces[row["trace_id"]].append(row)
    for own in traces.values():
        if own[0]["time"] >= begins and any(row["service"] == root for row in own):
            yield own


Done = tuple[list[Row], str | None]


def _put_line(rows: list[Row], begins: float, root: str, symptom: str, dice: random.Random) -> Done | None:
    severity, text = dice.choice(_FAILURES)
    gone, added = set(), []
    share = dice.choice([0.3, 0.7, 1.0])
    for own in _affected(rows, begins, root):
        if dice.random() > share:
            continue
        at = next(place for place, row in enumerate(own) if row["service"] == root)
        failing = own[at]
        added.append(_said(failing, severity, text, dice, 0.002))
        caller = next((row for row in own if row["service"] == symptom), None)
        if caller is not None:
            added.append(_said({**caller, "time": failing["time"]}, *_CALLER, dice, 0.009))
        if dice.random() < 0.8:
            gone |= {id(row) for row in own[at + 1 :]}
    if len(added) < 3:
        return None
    return [row for row in rows if id(row) not in gone] + added, re.escape(text.split("{")[0])


def _said(row: Row, severity: str, text: str, dice: random.Random, later: float) -> Row:
    body = re.sub(r"(INFO|WARN|ERROR) .*", "", row["body"].split("\n")[0], count=1)
    head = re.search(r"TraceID: \w+ SpanID: \w+", row["body"])
    said = f"{body}{severity} c.e.Handler#88 {head[0] if head else ''} {text.replace('{n}', str(dice.randint(1, 900)))}"
    return {**row, "time": row["time"] + later, "severity": severity, "body": said}


def _put_absence(rows: list[Row], begins: float, root: str, _: str, dice: random.Random) -> Done | None:
    counted: dict[str, int] = defaultdict(int)
    for own in _affected(rows, begins, root):
        for row in own:
            if row["service"] == root and (found := re.search(r"\w+#\d+", row["body"])):
                counted[found[0]] += 1
    able = sorted(place for place, count in counted.items() if count >= 5)
    if not able:
        return None
    place = dice.choice(able)
    gone = {
        id(row)
        for own in _affected(rows, begins, root)
        for row in own
        if row["service"] == root and re.search(rf"\b{re.escape(place)}\b", row["body"])
    }
    return [row for row in rows if id(row) not in gone], rf"\b{re.escape(place)}\b"


def _put_delay(rows: list[Row], begins: float, root: str, _: str, dice: random.Random) -> Done | None:
    delay = dice.choice([0.06, 0.3, 1.0])
    touched = 0
    for own in _affected(rows, begins, root):
        late = 0.0
        for before, row in zip([None, *own], own, strict=False):
            if row["service"] == root or (before is not None and before["service"] == root):
                late += delay * dice.uniform(0.5, 1.5)
                touched += 1
            row["time"] += late
    return (rows, None) if touched >= 8 else None


def _without_severities(case: Case) -> Case:
    rows = [{key: value for key, value in row.items() if key != "severity"} for row in case.rows]
    for row in rows:
        row["body"] = re.sub(r"\b(INFO|WARN|ERROR) +", "", row["body"], count=1)
    return replace(case, name=f"{case.name}-nosev", rows=rows)


def _without_traces(case: Case) -> Case:
    rows = [{key: value for key, value in row.items() if key != "trace_id"} for row in case.rows]
    for row in rows:
        row["body"] = re.sub(r"TraceID: \w+ SpanID: \w+ ", "", row["body"])
    return replace(case, name=f"{case.name}-notrace", rows=rows)
