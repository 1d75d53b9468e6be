"""Looking whether a process answers on its port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.localnode.workload import Probe

_ANSWER_SECONDS = 2.0
_FIRST_GOOD, _FIRST_BAD = 200, 400


async def answers(probe: Probe, port: int) -> bool:
    """Whether one look succeeds within two seconds."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                if not probe.path:
                    return True
                writer.write(
                    f"GET {probe.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
                )
                status_line = await reader.readline()
                return _FIRST_GOOD <= int(status_line.split()[1]) < _FIRST_BAD
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, IndexError):
        return False
