"""Conversations in an SQLite file."""

from lmos.adapters.sqlite.durability import Durability
from lmos.adapters.sqlite.past_turns import SqlitePastTurns
from lmos.adapters.sqlite.store import SqliteStore

__all__ = ["Durability", "SqlitePastTurns", "SqliteStore"]
