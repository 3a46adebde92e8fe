"""Every error that LogSight raises on purpose.

LogSightError
├── UsageError                 the caller asked for something that cannot be (exit 2)
├── ConfigurationError         a file or setting is wrong: names file and field
├── WindowsFailed              some windows of a run failed, the others are done (in failures.py)
├── PermanentError             trying again cannot help
│   ├── ObjectMissing          a store has no such object
│   ├── RefusedQuery           a question that the guarded reader does not run
│   ├── MalformedAlarm         an alarm's JSON lacks what an investigation needs: names the field
│   ├── MalformedChange        an event tells no change that is known
│   ├── RefusedAddress         an address that the outbound client does not talk to
│   ├── RefusedDelivery        a system does not take a message, and never will
│   ├── ModelDeclined          a model gives no answer that can be used: names why
│   └── ConservationError      counts of a window do not add up: it is not published
└── TransientError             trying again may help
    ├── StoreUnavailable       a store cannot be reached
    ├── PublishConflict        another writer was faster, every time
    ├── ModelBusy              a model cannot answer now: names why
    └── Unanswered             a system gave no answer: what was sent may have arrived
        └── TryLater           it asks to wait: names how long

Messages name the object, the field, the value seen and what to do; they never hold log text.
"""

from __future__ import annotations


class LogSightError(Exception):
    """Base of all deliberate errors."""


class UsageError(LogSightError):
    """The caller asked for something that cannot be."""


class ConfigurationError(LogSightError):
    """A configuration file or setting is wrong."""

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields  # of the file that are wrong, by name; none where it is the file as a whole


class PermanentError(LogSightError):
    """Trying again cannot help."""


class ObjectMissing(PermanentError):
    """A store has no such object."""


class RefusedQuery(PermanentError):
    """A question that the guarded reader does not run."""


class MalformedAlarm(PermanentError):
    """An alarm's JSON lacks what an investigation needs, or holds something else there."""


class MalformedChange(PermanentError):
    """An event tells no change that is known."""


class RefusedAddress(PermanentError):
    """The outbound client does not talk to an address."""


class RefusedDelivery(PermanentError):
    """A system does not take a message, and never will."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code  # what the system calls it: an HTTP status, or a word of its own


class ModelDeclined(PermanentError):
    """A model gives no answer that can be used, and asking it again gives none either."""

    def __init__(self, message: str, reason: str, input_tokens: int = 0, output_tokens: int = 0) -> None:
        super().__init__(message)
        self.reason = reason  # one word, see docs/llm-prompts.md
        self.input_tokens, self.output_tokens = input_tokens, output_tokens  # what it cost nevertheless


class ConservationError(PermanentError):
    """The counts of a window do not add up, so it is not published."""


class TransientError(LogSightError):
    """Trying again may help."""


class StoreUnavailable(TransientError):
    """A store cannot be reached."""


class PublishConflict(TransientError):
    """Another writer was faster, every time."""


class ModelBusy(TransientError):
    """A model cannot answer now."""

    def __init__(self, message: str, reason: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.reason = reason  # one word, see docs/llm-prompts.md
        self.seconds = seconds  # how long it asks to wait; 0 where it says nothing


class Unanswered(TransientError):
    """A system gave no answer; what was sent may have arrived."""


class TryLater(Unanswered):
    """A system asks to wait."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds
