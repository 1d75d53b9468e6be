"""The error family: one error, three voices (terminal, problem document, condition)."""

from __future__ import annotations

from typing import Any, ClassVar


class LmosError(Exception):
    """
    Something went wrong that a person can act on.

    The terminal prints `message` and `hint` and exits with `exit_status`; HTTP answers a problem
    document with `code`, `hint` and `http_status`; the operator writes `code` as a condition's reason.
    """

    code: ClassVar[str] = "LmosError"
    exit_status: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


class TemporaryError(LmosError):
    """What failed is worth another try after `retry_after_seconds`."""

    code: ClassVar[str] = "Temporary"
    exit_status: ClassVar[int] = 75
    http_status: ClassVar[int] = 503

    def __init__(self, message: str, *, hint: str = "", retry_after_seconds: float = 5.0) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, hint=hint)


class InvalidInput(LmosError):
    """What was given cannot be read or breaks a rule; the sender can mend it."""

    code: ClassVar[str] = "InvalidInput"
    exit_status: ClassVar[int] = 2
    http_status: ClassVar[int] = 400


class NotFound(LmosError):
    """The named thing does not exist."""

    code: ClassVar[str] = "NotFound"
    exit_status: ClassVar[int] = 4
    http_status: ClassVar[int] = 404


class Conflict(LmosError):
    """The thing changed, or exists already, or another manager owns the field."""

    code: ClassVar[str] = "Conflict"
    exit_status: ClassVar[int] = 5
    http_status: ClassVar[int] = 409


def _restored(kind: type[LmosError], args: tuple[Any, ...], fields: dict[str, Any]) -> LmosError:
    """An error as another process raised it; its own constructor may take anything."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error
