"""Who may come in: loopback names in `Host`, and the server's token on everything but health."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from lmos.apiserver.status import ApiError

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HEALTH_PATHS = frozenset({"/healthz", "/livez", "/readyz"})


class Guard:
    """
    Lets requests through to `app` that name one of `hosts` and bring `token`.

    A page in a browser may make a name of its own point at 127.0.0.1; the Host header betrays it.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Collection[str] = LOOPBACK_NAMES) -> None:
        self._app = app
        self._token = token.encode()
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
            return ApiError(403, "Forbidden", "this server answers only to loopback names in the Host header")
        given = _token_in(headers.get("authorization", ""))
        if scope["path"] in HEALTH_PATHS or hmac.compare_digest(given, self._token):
            return None
        return ApiError(401, "Unauthorized", "Unauthorized")


def _token_in(authorization: str) -> bytes:
    """The token of a bearer, or the password of a user: kubectl bears no token without TLS."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return credentials.encode() if scheme.lower() == "bearer" else b""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except ValueError:
        return b""


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
