"""Versions of what the stages write, raised by hand when rows change; a golden-rows test fails otherwise.

A raise applies to new objects. Older ones are reported as stale and change only by `logsight build --replay`. The
query engine's version is not part of them: bytes may differ between engines, rows may not.
"""

from __future__ import annotations

EVENTS_VERSION = 1
TRENDS_VERSION = 1
# The coarse mask is frozen: a change re-labels all history, so it is a new version beside the old one.
MASK_VERSION = 1
