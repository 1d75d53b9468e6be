"""A cache in one SQLite file, which is thrown away as soon as anything about it is wrong."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

log = structlog.get_logger()

Answer = TypeVar("Answer")

MOST_BYTES = 256 * 1024 * 1024
"""Of contents: 100,000 embeddings of 512 dimensions come to 200 MB."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, checksum INTEGER NOT NULL, content BLOB NOT NULL
)
"""
_FORGET_OLDEST = """
DELETE FROM kept WHERE number <= (
  SELECT max(number) FROM (
    SELECT number, sum(length(content)) OVER (ORDER BY number DESC) AS newer_bytes FROM kept
  ) WHERE newer_bytes > ?
)
"""
_WAIT_SECONDS = 2.0
_KEYS_AT_ONCE = 500
_OWNER_ONLY_FOLDER = 0o700
_PRIMARY_CODE = 0xFF
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


class FileCache:
    """
    Keeps contents in a file; the oldest go first when there is no more room.

    Each call opens the file by itself, so that processes and threads need not know of each other. A file
    that is damaged or of another make is replaced; where none can be written, nothing is kept.
    """

    def __init__(self, file: Path, most_bytes: int = MOST_BYTES) -> None:
        self._file = file
        self._most_bytes = most_bytes

    def read(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is there of `keys`, except what is not as it was kept."""
        return self._try(lambda opened: _read(opened, keys), {})

    def keep(self, contents: Mapping[str, bytes]) -> None:
        """Keep each content by its key, as the newest."""
        self._try(lambda opened: self._keep(opened, contents), None)

    def _keep(self, opened: sqlite3.Connection, contents: Mapping[str, bytes]) -> None:
        rows = [(key, zlib.crc32(content), content) for key, content in contents.items()]
        with opened:
            opened.executemany("INSERT OR REPLACE INTO kept (key, checksum, content) VALUES (?, ?, ?)", rows)
            opened.execute(_FORGET_OLDEST, (self._most_bytes,))

    def _try(self, work: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        try:
            self._file.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            try:
                return self._with_file(work)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & _PRIMARY_CODE not in _BROKEN:
                    raise
                log.warning("cache_thrown_away", file=str(self._file), error=str(error))
                for part in ("", "-journal"):
                    self._file.with_name(self._file.name + part).unlink(missing_ok=True)
                return self._with_file(work)
        except (OSError, sqlite3.Error) as error:
            log.warning("cache_unusable", file=str(self._file), error=str(error))
            return otherwise

    def _with_file(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        with closing(sqlite3.connect(self._file, timeout=_WAIT_SECONDS)) as opened:
            # What a power cut damages is found out by its checksum, or the file is thrown away.
            opened.execute("PRAGMA synchronous=OFF")
            opened.execute(_SCHEMA)
            return work(opened)


def _read(opened: sqlite3.Connection, keys: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = opened.execute(f"SELECT key, checksum, content FROM kept WHERE key IN ({marks})", some)  # noqa: S608 - marks alone
        found |= {key: content for key, checksum, content in rows if zlib.crc32(content) == checksum}
    return found
