"""Begins and finishes Turns for ever in the file that it is given, and says each when it is kept."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from lmos.adapters.sqlite import SqliteStore
from lmos.core.conversation import Turn, TurnStatus, advance
from lmos.ports.store import ConversationState, StoreUnavailable, TurnRecord

START = datetime(2026, 1, 1, tzinfo=UTC)


async def write(store: SqliteStore) -> None:
    for number in count():
        turn = Turn(
            tenant="acme", channel="web", conversation=f"c{number % 7}", id=f"t{number}", question="q"
        )
        begun = TurnRecord(turn, "digest", START)
        await store.begin(begun)
        print("begun", turn.id, flush=True)
        over = replace(
            begun,
            turn=advance(turn, TurnStatus.ANSWERED, answer="a" * 500),
            answer={"content": "a" * 500},
        )
        await store.finish(over, ConversationState("acme", turn.conversation, "stable", f"agent-{number}"))
        print("finished", turn.id, flush=True)


def main() -> None:
    try:
        asyncio.run(write(SqliteStore(Path(sys.argv[1]))))
    except StoreUnavailable as error:
        print(type(error).__name__, error.message, error.hint, flush=True)


if __name__ == "__main__":
    main()
