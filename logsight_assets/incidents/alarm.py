"""An alarm: the EventBridge event "CloudWatch Alarm State Change", read into what an investigation needs.

Metric alarms, metric math and composite alarms have this shape; LogSight's own alarms too. What an investigation cannot
do without (name, state, time of the change) must be there and be right, or MalformedAlarm names the field. What it can
do without (`reasonData`, which AWS writes as JSON inside a string, dimensions, the previous state) may be missing or
broken: an alarm that wakes people is not refused for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logsight_assets.errors import MalformedAlarm
from logsight_assets.incidents.foreign_json import read_foreign

DETAIL_TYPE = "CloudWatch Alarm State Change"
STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
DEFAULT_PERIOD = 300  # seconds; what CloudWatch proposes, and all that is known of a composite alarm
SHORTEST_WINDOW, LONGEST_WINDOW = 60, 24 * 3600  # seconds
_LONGEST_TEXT = 1024  # characters of a description or reason
_MOST_METRICS = 500  # CloudWatch's own limit of a metric-math alarm
_OUT_OF = re.compile(r"out of the last (\d{1,4}) datapoints|(\d{1,4}) (?:missing )?datapoints? (?:was|were|\[)")


@dataclass(frozen=True)
class Metric:
    """One metric of an alarm, as its configuration names it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]  # sorted by name
    statistic: str = ""  # of the datapoints; '' where the configuration does not say


@dataclass(frozen=True)
class Alarm:
    """A change of state. Equal events give equal alarms: (arn, state_change_nano) tells an episode."""

    name: str
    arn: str
    account: str
    region: str
    state: str  # one of STATES
    previous_state: str  # one of STATES, or ''
    state_change_nano: int  # nanoseconds since 1970
    window_seconds: int  # period by datapoints
    period_seconds: int
    metrics: tuple[Metric, ...]  # empty for a composite alarm
    threshold: float | None
    recent_datapoints: tuple[float, ...]
    description: str
    reason: str

    @property
    def dimensions(self) -> Iterator[tuple[str, str, str]]:
        """(namespace, dimension, value) of all metrics, in their order."""
        for metric in self.metrics:
            for name, value in metric.dimensions:
                yield metric.namespace, name, value


def read_alarm(data: bytes | str) -> Alarm:
    """The alarm in a JSON document; MalformedAlarm names the field that cannot be."""
    return parse_alarm(read_event(data))


def read_event(data: bytes | str) -> Any:
    """The document of a message, fit to be stored and sent; MalformedAlarm if it is none."""
    try:
        return read_foreign(data)
    except ValueError as error:
        raise MalformedAlarm(f"alarm: {error}; give an EventBridge event of type {DETAIL_TYPE!r}") from None


def parse_alarm(document: object) -> Alarm:
    """The alarm in an event of `read_event`; MalformedAlarm names the field that cannot be."""
    event = _mapping(document, "alarm")
    kind = event.get("detail-type", DETAIL_TYPE)
    if kind != DETAIL_TYPE:
        raise MalformedAlarm(f"alarm: detail-type: must be {DETAIL_TYPE!r}; other events are no alarms")
    detail = _mapping(event.get("detail"), "detail")
    state = _mapping(detail.get("state"), "detail.state")
    value = state.get("value")
    if value not in STATES:
        raise MalformedAlarm(f"alarm: detail.state.value: must be one of {', '.join(STATES)}")
    configuration = _optional(detail.get("configuration"))
    definitions = [entry for entry in _list(configuration.get("metrics"))[:_MOST_METRICS] if isinstance(entry, Mapping)]
    reason, data = _text(state.get("reason")), _reason_data(state.get("reasonData"))
    period = _period(data, definitions)
    window = period * _datapoints(data, reason)
    resources = [text for text in _list(event.get("resources")) if isinstance(text, str)]
    previous = _optional(detail.get("previousState")).get("value")
    return Alarm(
        name=_required_text(detail.get("alarmName"), "detail.alarmName"),
        arn=_text(resources[0] if resources else ""),
        account=_text(event.get("account")),
        region=_text(event.get("region")),
        state=str(value),
        previous_state=previous if previous in STATES else "",
        state_change_nano=_nano(state.get("timestamp", event.get("time")), "detail.state.timestamp"),
        window_seconds=min(max(window, SHORTEST_WINDOW), LONGEST_WINDOW),
        period_seconds=period,
        metrics=tuple(metric for entry in definitions if (metric := _metric(entry))),
        threshold=_number(data.get("threshold")),
        recent_datapoints=tuple(
            number for point in _list(data.get("recentDatapoints"))[:100] if (number := _number(point)) is not None
        ),
        description=_text(configuration.get("description")),
        reason=reason,
    )


# Parts ----------------------------------------------------------------------------------------------------------------


def _mapping(value: object, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedAlarm(
            f"alarm: {field}: must be a JSON object; give an EventBridge event of type {DETAIL_TYPE!r}"
        )
    return value


def _optional(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _required_text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise MalformedAlarm(f"alarm: {field}: must be a text that is not empty")
    return value[:_LONGEST_TEXT]


def _number(value: object) -> float | None:
    """A finite number; JSON's NaN and booleans are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
        return None
    return float(value)


def _nano(value: object, field: str) -> int:
    """Nanoseconds since 1970 of a time such as `2023-01-29T08:44:17.000+0000`; without a zone it is UTC."""
    moment = _moment(value)
    if moment is None or not 1971 <= moment.year < 2262:  # nanoseconds in 64 bits end there
        raise MalformedAlarm(f"alarm: {field}: must be a time such as 2025-06-01T09:30:00.000+0000")
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 10**9 + moment.microsecond * 1000


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        return None


def _reason_data(value: object) -> Mapping[str, Any]:
    """The state's `reasonData`: JSON in a string, or empty where AWS left it out (composite alarms, missing data)."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return _optional(value)


def _period(data: Mapping[str, Any], definitions: Sequence[Mapping[str, Any]]) -> int:
    """Seconds of a datapoint: what was evaluated, else the longest that a metric of the alarm is defined with."""
    stated = [data.get("period")]
    stated += [_optional(entry.get("metricStat")).get("period", entry.get("period")) for entry in definitions]
    evaluated, *defined = [
        int(number) if (number := _number(value)) and 1 <= number <= LONGEST_WINDOW else 0 for value in stated
    ]
    return evaluated or max(defined, default=0) or DEFAULT_PERIOD


def _datapoints(data: Mapping[str, Any], reason: str) -> int:
    for name in ("recentDatapoints", "evaluatedDatapoints"):
        if points := _list(data.get(name)):
            return min(len(points), 1440)
    found = _OUT_OF.search(reason)
    return max(1, int(found[1] or found[2])) if found else 1


def _metric(entry: Mapping[str, Any]) -> Metric | None:
    """The metric of a definition; None for an expression, which only combines others."""
    stat = _optional(entry.get("metricStat"))
    metric = _optional(stat.get("metric"))
    if not metric:
        return None
    dimensions = {
        name[:_LONGEST_TEXT]: value[:_LONGEST_TEXT]
        for name, value in _optional(metric.get("dimensions")).items()
        if isinstance(value, str)
    }
    names = _text(metric.get("namespace")), _text(metric.get("name"))
    return Metric(*names, tuple(sorted(dimensions.items())), _text(stat.get("stat")))
