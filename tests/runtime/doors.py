"""The runtime under test on a socket, for clients that need one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lmos.apps.serving import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.runtime.rig import Rig


@asynccontextmanager
async def served(rig: Rig) -> AsyncIterator[str]:
    """The address of its doors on loopback."""
    door = Door("runtime", "127.0.0.1", 0, option="--port")
    serving = asyncio.create_task(door.serve(rig.app, websockets=True))
    try:
        yield door.url
    finally:
        serving.cancel()
        await asyncio.wait([serving])
