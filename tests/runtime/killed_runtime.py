"""
A runtime that is killed again and again: `python killed_runtime.py CONVERSATIONS ASKED`.

Everything is loaded once; for each line on standard input a child begins to serve, and its process id and
port are printed. Its Agent writes the id of each Turn that it is asked to ASKED, and answers a little later.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from lmos.adapters.sqlite import SqliteStore
from lmos.apps.serving import Door
from lmos.core.conversation import message_result
from lmos.testing.cluster import memory_cluster
from tests.runtime.rig import routing, runtime_over

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.conversation import AgentRequest, AgentResult

_ANSWER_SECONDS = 0.005


async def serve(conversations: Path, asked: Path) -> None:
    """Serve until killed."""

    async def answer(request: AgentRequest) -> AsyncIterator[AgentResult]:
        text = request.messages[-1].content
        with asked.open("a") as file:
            file.write(f"{text}\n")
        await asyncio.sleep(_ANSWER_SECONDS)
        yield message_result(f"about {text}")

    door = Door("runtime", "127.0.0.1", 0, option="--port")
    async with memory_cluster() as cluster, runtime_over(cluster, SqliteStore(conversations)) as rig:
        rig.agents.plays("billing", answer)
        await rig.serve(routing("billing"))
        print(os.getpid(), door.port, flush=True)
        await door.serve(rig.app)


def main() -> None:
    """Fork a server for each line."""
    # Standard output is for whoever started us.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    conversations, asked = map(Path, sys.argv[1:])
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(serve(conversations, asked))
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
