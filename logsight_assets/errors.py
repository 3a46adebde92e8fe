"""Every error that LogSight raises on purpose.

LogSightError
├── UsageError                 the caller asked for something that cannot be (exit 2)
├── ConfigurationError         a file or setting is wrong: names file and field
├── WindowsFailed              some windows of a run failed, the others are done (in failures.py)
├── PermanentError             trying again cannot help
│   ├── ObjectMissing          a store has no such object
│   ├── RefusedQuery           a question that the guarded reader does not run
│   └── ConservationError      counts of a window do not add up: it is not published
└── TransientError             trying again may help
    ├── StoreUnavailable       a store cannot be reached
    └── PublishConflict        another writer was faster, every time

Messages name the object, the field, the value seen and what to do; they never hold log text.
"""

from __future__ import annotations


class LogSightError(Exception):
    """Base of all deliberate errors."""


class UsageError(LogSightError):
    """The caller asked for something that cannot be."""


class ConfigurationError(LogSightError):
    """A configuration file or setting is wrong."""


class PermanentError(LogSightError):
    """Trying again cannot help."""


class ObjectMissing(PermanentError):
    """A store has no such object."""


class RefusedQuery(PermanentError):
    """A question that the guarded reader does not run."""


class ConservationError(PermanentError):
    """The counts of a window do not add up, so it is not published."""


class TransientError(LogSightError):
    """Trying again may help."""


class StoreUnavailable(TransientError):
    """A store cannot be reached."""


class PublishConflict(TransientError):
    """Another writer was faster, every time."""
