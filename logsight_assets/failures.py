"""Windows that failed while others were done, and what of a failure may be told to Dagster.

Dagster keeps an exception's text, its causes and its trace for as long as the run. Texts of engines and stores hold
object keys and with them tenant names, now and then a value of a log line. So Dagster is told the window, the kind of
error and where it arose; the text goes to `failures.log` in the state folder, for the operator alone.
"""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from logsight_assets.errors import LogSightError, TransientError
from logsight_assets.lake import Lake
from logsight_assets.observers import saw_failure

_NAMED = 20  # failed windows that a message names
_LARGEST_LOG = 4 * 1024**2  # bytes; then the log before is given up
_KEY = re.compile(r"\S*[/\\=]\S*")
_TENANT = re.compile(r"\btenants?\b[\s.:='\"]+[^\s:;,'\"]+", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_HERE = Path(__file__).parent


class WindowsFailed(LogSightError):
    """Some windows of a run failed, the others are done. The text is free of tenants, keys and log text."""

    def __init__(self, message: str, *, is_transient: bool = False) -> None:
        super().__init__(message)
        self.is_transient = is_transient


@dataclass
class Failures:
    """Collects what fails, so that one window does not keep the others from being done."""

    lake: Lake
    held: dict[str, Exception] = field(default_factory=dict)

    @contextmanager
    def attempt(self, window: str, passing: tuple[type[Exception], ...] = ()) -> Iterator[None]:
        """Work on one window; what it raises is held until `check`, but for `passing`, which is of all windows."""
        try:
            yield
        except passing:
            raise
        except Exception as error:  # noqa: BLE001 - it is raised by `check`
            self.held[window] = error
            saw_failure(window, error)
            _write_down(self.lake, window, error)

    def check(self) -> None:
        """Raise WindowsFailed if anything failed."""
        if not self.held:
            return
        named = "; ".join(f"{window}: {told(error)}" for window, error in list(self.held.items())[:_NAMED])
        more = f"; and {len(self.held) - _NAMED} more" if len(self.held) > _NAMED else ""
        raise WindowsFailed(
            f"{len(self.held)} failed, everything else is kept: {named}{more}. "
            "Texts are in logs/failures.log of the state folder",
            is_transient=all(isinstance(error, TransientError) for error in self.held.values()),
        )


@contextmanager
def telling_only_what_may_be_told(lake: Lake, what: str) -> Iterator[None]:
    """Raise whatever a block raises as WindowsFailed, without its text."""
    failures = Failures(lake)
    with failures.attempt(what):
        yield
    error = failures.held.get(what)
    if isinstance(error, WindowsFailed):
        raise error from None
    failures.check()


def told(error: BaseException) -> str:
    """A failure without tenants, keys and log text: our own errors with their message, masked; others by their kind."""
    if isinstance(error, LogSightError):
        return f"{type(error).__name__}: {_TENANT.sub('tenant …', _KEY.sub('…', str(error)))}"
    return f"{type(error).__name__} at {_place(error)}"


def _place(error: BaseException) -> str:
    """Where in our own code it arose."""
    frames = list(traceback.extract_tb(error.__traceback__))
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_HERE)] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "an unknown place"


def _write_down(lake: Lake, window: str, error: Exception) -> None:
    """One JSON line for the operator. Of foreign errors quoted parts are masked: they may be values of a log line."""
    if isinstance(error, WindowsFailed):
        return
    text = str(error)
    if not isinstance(error, LogSightError | OSError):
        text = _QUOTED.sub("…", text.partition("\n")[0])
    line = {
        "time": lake.clock().isoformat(),
        "window": window,
        "error": type(error).__name__,
        "text": text,
        "trace": [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)],
    }
    file = lake.state / "logs" / "failures.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > _LARGEST_LOG:
        file.replace(file.with_suffix(".previous.log"))
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace") as out:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
