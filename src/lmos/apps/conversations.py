"""How Conversations are kept, as the environment says: what they outlive, and for how long."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lmos.adapters.sqlite import Durability, SqliteStore
from lmos.core.conversation import Retention
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

CONVERSATIONS = "conversations.db"


def conversations_in(folder: Path) -> SqliteStore:
    """
    The Conversations of a data folder, as durable as `LMOS_DURABILITY` says.

    Raises:
        InvalidInput: It is none of the words that mean something.
        StoreUnavailable: The file cannot be used.
    """
    said = os.environ.get("LMOS_DURABILITY", Durability.PROCESS)
    try:
        durability = Durability(said)
    except ValueError as error:
        raise InvalidInput(
            f"LMOS_DURABILITY is {said!r}.", hint=f"Set it to one of {', '.join(Durability)}."
        ) from error
    return SqliteStore(folder / CONVERSATIONS, durability)


def retention() -> Retention:
    """
    How long each Tenant's Conversations are kept, of `LMOS_RETENTION`.

    Raises:
        InvalidRetention: It cannot be read.
    """
    return Retention.parse(os.environ.get("LMOS_RETENTION", ""))
