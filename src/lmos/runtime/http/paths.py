"""Paths that mean the same to us as to every proxy before us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.runtime.asked import InvalidTurn
from lmos.runtime.failure import Failure
from lmos.runtime.http.errors import failure_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class PlainPaths:
    """
    Refuses encoded slashes before `app` sees them.

    Decoded, `acme%2Fchat%2Fc1` would be another path than the one that a gateway checked.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and b"%2f" in (scope.get("raw_path") or b"").lower():
            error = InvalidTurn("A name in the path holds a slash.", hint="Use names without slashes.")
            await failure_response(Failure.of(error))(scope, receive, send)
            return
        await self._app(scope, receive, send)
