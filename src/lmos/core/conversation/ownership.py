"""Which of several workers a Conversation belongs to."""

from __future__ import annotations

from zlib import crc32


def owner_of(tenant: str, conversation: str, workers: int) -> int:
    """
    The worker, from 0 on, that runs the Turns of a Conversation.

    All workers come to the same one, in every process and on every machine; Conversations spread evenly.
    """
    return crc32(f"{tenant}\0{conversation}".encode()) % workers
