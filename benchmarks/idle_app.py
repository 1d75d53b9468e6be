"""
What the HTTP server alone can do: an app behind our door that reads a Turn and answers it from nothing.

    python -m benchmarks.idle_app PORT
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lmos.apps.process import run_process
from lmos.apps.serving import Door

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_BODY = b'{"content":"stub answer","anonymizationEntities":null}'
_HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"%d" % len(_BODY)), (b"content-type", b"application/json")],
}


async def idle(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request alike."""
    if scope["type"] == "http":
        while (await receive()).get("more_body"):
            pass
        await send(_HEAD)
        await send({"type": "http.response.body", "body": _BODY})


async def main() -> None:
    """Serve on the port of the command line until told to stop."""
    await Door("idle app", "127.0.0.1", int(sys.argv[1]), option="PORT").serve(idle)


if __name__ == "__main__":
    run_process(main)
