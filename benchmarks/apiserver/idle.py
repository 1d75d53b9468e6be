"""
An app that does nothing, behind the same HTTP server as ours: how fast the client of the benchmark can be.

    python benchmarks/apiserver/idle.py PORT
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lmos.apps.process import run_process
from lmos.apps.serving import Door

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ANSWER_BYTES = 1_500


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the request, and answer as much as a create is answered with."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % ANSWER_BYTES)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b" " * ANSWER_BYTES})


if __name__ == "__main__":
    run_process(lambda: Door("idle app", "127.0.0.1", int(sys.argv[1]), option="PORT").serve(app))
