"""Versions of what the stages write, raised by hand when rows change; a golden-rows test fails otherwise.

A raise applies to new objects. Older ones are reported as stale and change only by `logsight build --replay`. The
query engine's version is not part of them: bytes may differ between engines, rows may not.
"""

from __future__ import annotations

EVENTS_VERSION = 2
TRENDS_VERSION = 1
# How lines are grouped. Under a raised version a service is grouped anew by `logsight build --replay`.
TEMPLATES_VERSION = 2
# How an hour is judged by its past, and how objectives are counted.
ANOMALIES_VERSION = 1
SLO_VERSION = 1
# How statistics are made of measurements.
METRICS_VERSION = 1
# What a report says and how it looks. Under a raised version `logsight report --again` renders anew.
REPORTS_VERSION = 2
# The coarse mask is frozen: a change re-labels all history, so it is a new version beside the old one.
MASK_VERSION = 1
# What of a model's answer is kept: a replay of a summary that older rules checked says so.
CHECK_VERSION = 2
