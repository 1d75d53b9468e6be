"""Who may come in: loopback names in `Host`, and the bearer token on everything but health."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from lmos.apiserver.status import ApiError, forbidden, unauthorized

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HEALTH_PATHS = frozenset({"/healthz", "/livez", "/readyz"})


class Guard:
    """
    Lets requests through to `app` that name one of `hosts` and bear `token`.

    A page in a browser may make a name of its own point at 127.0.0.1; the Host header betrays it.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Collection[str] = LOOPBACK_NAMES) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403, or let `app` answer."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await JSONResponse(refusal.status, refusal.http)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ApiError | None:
        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self._hosts:
            return forbidden("this server answers only to loopback names in the Host header")
        given = headers.get("authorization", "").encode()
        if scope["path"] in HEALTH_PATHS or hmac.compare_digest(given, self._expected):
            return None
        return unauthorized()


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
