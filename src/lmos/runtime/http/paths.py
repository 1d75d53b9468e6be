"""Paths that mean the same to us as to every proxy before us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.runtime.asked import InvalidTurn
from lmos.runtime.failure import Failure
from lmos.runtime.http.errors import failure_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


_MODELS = b"/v1/models/"


class PlainPaths:
    """
    Refuses encoded slashes before `app` sees them, except in what follows `/v1/models/`.

    Decoded, `acme%2Fchat%2Fc1` would be another path than the one that a gateway checked. All that follows
    `/v1/models/` is the name of one model, and clients encode the slashes that such names hold.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and b"%2f" in raw.lower() and not raw.startswith(_MODELS):
            error = InvalidTurn("A name in the path holds a slash.", hint="Use names without slashes.")
            await failure_response(Failure.of(error))(scope, receive, send)
            return
        await self._app(scope, receive, send)
