"""Web pages: which may speak with the runtime, and under which names a browser may reach it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware

from lmos.core.errors import InvalidInput, LmosError
from lmos.runtime.failure import Failure
from lmos.runtime.http.errors import failure_response
from lmos.runtime.http.requests import TURN_HEADER

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ANY = "*"

_ORIGIN = re.compile(r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")
_METHODS = ("GET", "POST", "DELETE")
_TOLD = (TURN_HEADER, "x-turn-id-reused", "x-lmos-agent", "x-lmos-stage", "x-conversation-id", "retry-after")
_PREFLIGHT_SECONDS = 600


class InvalidOrigin(InvalidInput):
    """What shall be the origin of a web page is none."""

    code: ClassVar[str] = "InvalidOrigin"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:80]!r} is no origin of a web page.",
            hint="Write scheme, host and port as a browser does: https://chat.example.com",
        )


class ForeignPage(LmosError):
    """A web page that is not let in opens a WebSocket, or reaches a loopback server by another name."""

    code: ClassVar[str] = "ForeignPage"
    http_status: ClassVar[int] = 403

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what[:120]} is not let in.",
            hint="Use localhost, or list the page's origin in LMOS_CORS_ORIGINS.",
        )


@dataclass(frozen=True, slots=True)
class Origins:
    """
    The origins whose pages may speak with the runtime from a browser.

    Attributes:
        listed: Each as a browser writes it, `https://chat.example.com`; `*` alone stands for all.
    """

    listed: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read origins with commas between them; an empty text lists none.

        Raises:
            InvalidOrigin: One is neither an origin nor `*`.
        """
        listed = frozenset(each.strip().rstrip("/").lower() for each in text.split(",") if each.strip())
        for each in sorted(listed - {ANY}):
            if not _ORIGIN.fullmatch(each):
                raise InvalidOrigin(each)
        return cls(listed)

    def include(self, origin: str) -> bool:
        """Whether the pages of `origin` may come."""
        return ANY in self.listed or origin.lower() in self.listed

    @property
    def hosts(self) -> frozenset[str]:
        """The names of their hosts: a page may stand before the runtime as its proxy."""
        return frozenset(urlsplit(each).hostname or "" for each in self.listed - {ANY})


NO_ORIGINS = Origins()


def guarded(app: ASGIApp, origins: Origins, host: str) -> ASGIApp:
    """
    The app, closed to web pages that are not let in.

    Args:
        app: All doors.
        origins: Pages of these get the headers of CORS, and may open WebSockets.
        host: Where we listen; on loopback, requests must name it as such.
    """
    if origins.listed:
        app = CORSMiddleware(
            app,
            allow_origins=sorted(origins.listed),
            allow_methods=_METHODS,
            allow_headers=[ANY],
            expose_headers=_TOLD,
            # A page on the internet that speaks with a runtime on this machine.
            allow_private_network=True,
            max_age=_PREFLIGHT_SECONDS,
        )
    names = LOOPBACK | {host} | origins.hosts if host in LOOPBACK and ANY not in origins.listed else None
    return PageGuard(app, origins, names)


class PageGuard:
    """
    Turns away what a browser must not be led to do for a page.

    A page may make a name of its own point at 127.0.0.1, and is then no stranger to the browser: the Host
    header betrays it. WebSockets are open to every page; the Origin header names it. Anything else needs
    the browser's preflight, as no door takes a body that does not say that it is JSON.

    Args:
        app: What is guarded.
        origins: Whose WebSockets are taken, besides those of pages from the same host and port.
        names: What the Host header may name; None if anything.
    """

    def __init__(self, app: ASGIApp, origins: Origins, names: Collection[str] | None) -> None:
        self._app = app
        self._origins = origins
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or refuse it."""
        host = _header(scope, b"host")
        foreign = self._foreign_host(host) or self._foreign_socket(scope, host)
        if not foreign:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Before the socket is accepted, this is a refusal with status 403.
            await send({"type": "websocket.close", "code": 1008, "reason": foreign})
        else:
            await failure_response(Failure.of(ForeignPage(foreign)))(scope, receive, send)

    def _foreign_host(self, host: str) -> str:
        if self._names is None or _name(host) in self._names:
            return ""
        return f"A request for host {host[:80]!r}"

    def _foreign_socket(self, scope: Scope, host: str) -> str:
        if scope["type"] != "websocket":
            return ""
        origin = _header(scope, b"origin")
        if not origin or self._origins.include(origin) or urlsplit(origin).netloc.lower() == host.lower():
            return ""
        return f"A page of {origin[:80]!r}"


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
