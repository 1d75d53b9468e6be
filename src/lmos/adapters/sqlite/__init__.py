"""Conversations in an SQLite file."""

from lmos.adapters.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
