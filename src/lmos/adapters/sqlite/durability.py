"""What an acknowledged Turn outlives."""

from __future__ import annotations

from enum import StrEnum


class Durability(StrEnum):
    """The worst that may happen after a Turn was acknowledged without its being lost."""

    PROCESS = "process"
    """The process is killed; the system still writes what it was given."""
    POWER = "power"
    """The machine loses its power: every commit waits for the disk."""

    @property
    def synchronous(self) -> str:
        """SQLite's word for it."""
        return {"process": "NORMAL", "power": "FULL"}[self]
