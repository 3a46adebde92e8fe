"""Dagster's home of a lake: the folder with its SQLite storage and a `dagster.yaml` tuned for LogSight.

The file is ours as long as nobody edits it: its first line holds a hash of the rest. An edited file is never touched;
removing it brings ours back.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake

_MARK = "# Written by LogSight and kept up to date until you edit it; remove the file to get it back. sha256:"

# Measured on 1.13 with two cores; docs/operations.md tells what each group is for.
_CONTENT = """\
# Storage: SQLite below this folder, Dagster's default. It must lie on a local disk, never on NFS or EFS.

# Threads, or one sensor that waits for a message blocks all others.
sensors: {use_threads: true, num_workers: 8, num_submit_workers: 4}
schedules: {use_threads: true, num_workers: 2}
backfills: {use_threads: true, num_workers: 2, num_submit_workers: 4}
auto_materialize: {use_sensors: true, use_threads: true, num_workers: 2}

# 1 s instead of 5 s: a run waits in the queue for about 0.4 s (measured), on the way from a message to its work.
run_queue: {dequeue_interval_seconds: 1, dequeue_use_threads: true, dequeue_num_workers: 4}

concurrency:
  runs:
    # Backfills take at most two, so that live work never waits for them; all of them leave a slot to the run that deals
    # with alarms, because somebody waits for it. SQLite was tried with four under load; more at a time are rare.
    max_concurrent_runs: 7
    tag_concurrency_limits:
      - {key: dagster/backfill, limit: 2}
      - {key: logsight/lane, value: background, limit: 1}
      - {key: logsight/lane, value: live, limit: 2}
      - {key: logsight/lane, value: deliveries, limit: 1}

# Runs whose process died are found and give back their slots; without the last field a crashed run keeps its slot.
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 14400
  poll_interval_seconds: 60
  free_slots_after_run_end_seconds: 60

# Repeats what the machine broke. What an asset broke is for the asset's own retry policy.
run_retries: {enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}

# Ticks only. Runs are kept: removing one removes the materialisation of its partitions and the memory of its run key.
retention:
  schedule: {purge_after_days: 30}
  sensor: {purge_after_days: {skipped: 1, success: 30, failure: 30}}
  auto_materialize: {purge_after_days: {skipped: 1, success: 30, failure: 30}}

freshness: {enabled: true}
telemetry: {enabled: false}
nux: {enabled: false}
"""


def dagster_home(lake: Lake) -> Path:
    """The folder for DAGSTER_HOME, made on first use, with our `dagster.yaml` unless the user has edited it."""
    home = lake.state.absolute() / "dagster"
    if any(sign in str(home) for sign in "?#"):
        raise UsageError(
            f"state folder {lake.state}: Dagster's storage cannot lie in a path with ? or #; set LOGSIGHT_STATE"
        )
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = home / "dagster.yaml"
    text = f"{_MARK}{_hash(_CONTENT)}\n{_CONTENT}"
    if not file.exists() or (_is_ours(current := file.read_text(encoding="utf-8")) and current != text):
        replace_text(file, text)
    return home


def is_edited(home: Path) -> bool:
    """Whether the user's own `dagster.yaml` is in force; for `logsight doctor`."""
    return not _is_ours((home / "dagster.yaml").read_text(encoding="utf-8"))


def replace_text(file: Path, text: str) -> None:
    """Write a small file whole: a reader sees the old text or the new one."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(name).replace(file)


def _is_ours(text: str) -> bool:
    first, _, rest = text.partition("\n")
    return first == f"{_MARK}{_hash(rest)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
