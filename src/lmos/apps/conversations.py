"""How Conversations are kept, as the environment says: what they outlive, and for how long."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from lmos.adapters.sqlite import Durability, SqliteStore
from lmos.apps.data_folder import DataFolderUnusable, write_private
from lmos.core.conversation import RecordText, Retention
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

CONVERSATIONS = "conversations.db"
HASH_KEY = "hash.key"

_KEY_BYTES = 32


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


def record_text() -> RecordText:
    """
    How much of what was said may be told of each Tenant's Turns, of `LMOS_RECORD_TEXT`.

    Raises:
        InvalidRecordText: It cannot be read.
    """
    return RecordText.parse(os.environ.get("LMOS_RECORD_TEXT", ""))


def hash_key_in(folder: Path) -> bytes:
    """
    The key by which the messages of a data folder are hashed; made by the first who needs it.

    Raises:
        DataFolderUnusable: It can be neither read nor written.
    """
    path = folder / HASH_KEY
    # Written beside first: workers that start together find a whole key or none, and all the same one.
    beside = folder / f".{HASH_KEY}.{secrets.token_hex(8)}"
    try:
        if not path.exists():
            write_private(beside, secrets.token_hex(_KEY_BYTES))
            with suppress(FileExistsError):
                path.hardlink_to(beside)
            beside.unlink()
        return bytes.fromhex(path.read_text())
    except OSError as error:
        raise DataFolderUnusable(folder, error) from error
