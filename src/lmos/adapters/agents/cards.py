"""Fetches what Agents say about themselves, without trusting them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2

from lmos.adapters.agents.addresses import NetworkAddresses
from lmos.ports.agents import CardMissing, CardUnavailable

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from lmos.ports.agents import AddressBook

MAX_BYTES = 1_048_576
TOTAL_SECONDS = 5.0
MOST_REMEMBERED = 1_000


class HttpCardReader:
    """
    A `CardReader` over HTTP; close it with `aclose`.

    A card that comes with an ETag is remembered, and sent again only when it has changed.

    Args:
        book: Finds the replicas of a host; the first is asked.
        total_seconds: From connecting to the last byte.
    """

    def __init__(self, book: AddressBook | None = None, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._book = book or NetworkAddresses()
        self._total_seconds = total_seconds
        self._known: dict[str, tuple[str, bytes]] = {}
        # A proxy of the environment would see every Agent's card, and know none of the cluster's names.
        self._http = httpx2.AsyncClient(follow_redirects=False, trust_env=False, timeout=total_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def fetch(self, host: str, port: int, scheme: str, path: str) -> bytes:
        """
        The body at `path`.

        Raises:
            CardMissing: The Agent answers 404.
            CardUnavailable: No answer, another status than 200, a redirect, larger than 1 MiB, or too slow.
        """
        url = f"{scheme}://{host}:{port}{path}"
        replicas = self._book.addresses(host, port)
        if not replicas:
            raise _unavailable(url, "the Service has no ready replica")
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._read(url, scheme, host, replicas[0], path)
        except TimeoutError as error:
            raise _unavailable(url, f"it took longer than {self._total_seconds:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _unavailable(url, str(error) or type(error).__name__) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _read(self, url: str, scheme: str, host: str, replica: tuple[str, int], path: str) -> bytes:
        dialled = f"{scheme}://{replica[0]}:{replica[1]}{path}"
        headers = {"Accept": "application/json", "Host": httpx2.URL(url).netloc.decode()}
        known = self._known.pop(url, None)
        if known:
            headers["If-None-Match"] = known[0]
        extensions = {"sni_hostname": host} if scheme == "https" else {}
        async with self._http.stream("GET", dialled, headers=headers, extensions=extensions) as response:
            if known and response.status_code == httpx2.codes.NOT_MODIFIED:
                self._known[url] = known
                return known[1]
            if response.is_redirect:
                raise _unavailable(url, f"it redirects with {response.status_code}")
            if response.status_code == httpx2.codes.NOT_FOUND:
                raise CardMissing(f"{url} is not there.", hint="Serve capabilities.json or an A2A card.")
            if response.status_code != httpx2.codes.OK:
                raise _unavailable(url, f"it answered {response.status_code}")
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise _unavailable(url, "it is larger than 1 MiB")
        if tag := response.headers.get("etag"):
            self._remember(url, tag, bytes(body))
        return bytes(body)

    def _remember(self, url: str, tag: str, body: bytes) -> None:
        """Keep a card; of too many, the one that was read longest ago is forgotten."""
        self._known[url] = (tag, body)
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]


def _unavailable(url: str, why: str) -> CardUnavailable:
    return CardUnavailable(f"The card at {url} cannot be read: {why}.", hint=f"Try it: curl {url}")
