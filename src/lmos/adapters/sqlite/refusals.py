"""What is said when SQLite cannot do what it was told."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from lmos.ports.store import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_HINTS = {
    "SQLITE_FULL": "Make room on that disk; the Turns that are kept are safe.",
    "SQLITE_IOERR": "Look at that disk: is it full or broken?",
    "SQLITE_READONLY": "Make the file and its folder writable, or start with another --data folder.",
    "SQLITE_CANTOPEN": "Make the folder exist and writable, or start with another --data folder.",
    "SQLITE_BUSY": "Stop the other process that has the file open.",
    "SQLITE_NOTADB": "It is no database: move it away, and a new one is begun.",
    "SQLITE_CORRUPT": "It is damaged: restore a copy, or move it away, and a new one is begun.",
}


class Refusals:
    """Turns SQLite's errors about one file into ours, as a context around what may fail."""

    def __init__(self, path: Path | str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if isinstance(error, sqlite3.Error):
            raise self.of(error) from error

    def of(self, error: sqlite3.Error) -> StoreUnavailable:
        """Our error for one of SQLite's."""
        name = getattr(error, "sqlite_errorname", "")
        hints = (hint for code, hint in _HINTS.items() if name.startswith(code))
        return StoreUnavailable(
            f"Conversations in {self._path} cannot be read or written: {error}.",
            hint=next(hints, "Look at the file and its folder, or start with another --data folder."),
        )

    def log_in_use(self) -> StoreUnavailable:
        """Our error where what was deleted is still in the log of the file."""
        return StoreUnavailable(
            f"What was deleted from {self._path} is still in its log, which others are reading.",
            hint="Send the request again in a moment.",
        )


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has the file for the moment."""
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")
