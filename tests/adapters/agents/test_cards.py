from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from lmos.adapters.agents import HttpCardReader, NetworkAddresses
from lmos.arc import Agent
from lmos.arc.testing import served
from lmos.ports.agents import CardMissing, CardUnavailable
from tests.adapters.agents.wayward import raw

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

PATH = "/.well-known/capabilities.json"


@asynccontextmanager
async def speaking(*parts: bytes, stays: bool = False) -> AsyncIterator[int]:
    """A server that says `parts` to whoever asks; the value is its port."""
    over = asyncio.Event()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        if stays:
            await over.wait()

    async with raw(say) as port:
        yield port
        over.set()


def http(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


async def test_a_card_is_read_as_it_is() -> None:
    agent = Agent("billing-agent")
    agent.handler(lambda _turn: "hi")

    async with served(agent) as port, HttpCardReader() as reader:
        body = await reader.fetch("127.0.0.1", port, "http", PATH)

    assert b'"id":"billing-agent"' in body


async def test_a_card_that_has_not_changed_is_not_sent_again() -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if b'if-none-match: "1"' in asked[-1].lower():
            writer.write(http("304 Not Modified", 'ETag: "1"'))
        else:
            writer.write(http("200 OK", 'ETag: "1"', body=b'{"id": "billing"}'))
        await writer.drain()

    async with raw(answer) as port, HttpCardReader() as reader:
        bodies = [await reader.fetch("127.0.0.1", port, "http", PATH) for _ in range(3)]

    assert bodies == [b'{"id": "billing"}'] * 3
    assert [b"if-none-match" in each.lower() for each in asked] == [False, True, True]


async def test_an_agent_says_whether_its_card_has_changed() -> None:
    agent = Agent("billing-agent")
    agent.handler(lambda _turn: "hi")

    async with served(agent) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        first = await client.get(PATH)
        again = await client.get(PATH, headers={"if-none-match": first.headers["etag"]})

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


async def test_a_service_is_found_in_the_address_book_and_asked_by_its_name() -> None:
    asked: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(http("200 OK", body=b"{}"))

    class Book:
        def addresses(self, host: str, port: int) -> Sequence[tuple[str, int]]:
            assert (host, port) == ("billing.acme.svc", 8080)
            return [("127.0.0.1", dialled)]

    async with raw(note) as dialled, HttpCardReader(Book()) as reader:
        assert await reader.fetch("billing.acme.svc", 8080, "http", PATH) == b"{}"

    assert b"Host: billing.acme.svc:8080\r\n" in asked[0]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ([http("500 Oops")], "it answered 500"),
        ([http("302 Found", "Location: http://169.254.169.254/")], "it redirects with 302"),
        ([http("200 OK", body=b"x" * 65_536), *[b"x" * 65_536] * 20], "larger than 1 MiB"),
        ([b"\x00\x01\x02\r\n\r\n"], "cannot be read"),
        ([], "cannot be read"),
    ],
)
async def test_what_is_no_card_is_refused(said: list[bytes], says: str) -> None:
    async with speaking(*said) as port, HttpCardReader() as reader:
        with pytest.raises(CardUnavailable, match=says):
            await reader.fetch("127.0.0.1", port, "http", PATH)


async def test_a_card_that_is_not_there_is_missing_rather_than_unreachable() -> None:
    async with speaking(http("404 Not Found")) as port, HttpCardReader() as reader:
        with pytest.raises(CardMissing, match="is not there"):
            await reader.fetch("127.0.0.1", port, "http", PATH)


@pytest.mark.parametrize("said", [[], [http("200 OK", "Content-Length: 10", body=b"{")]])
async def test_a_slow_agent_is_given_up_as_a_whole(said: list[bytes]) -> None:
    async with speaking(*said, stays=True) as port, HttpCardReader(total_seconds=0.1) as reader:
        with pytest.raises(CardUnavailable, match=r"longer than 0\.1 s"):
            await reader.fetch("127.0.0.1", port, "http", PATH)


@pytest.mark.parametrize("host", ["does-not-exist.invalid", "a/b", "a\x00b", "a" * 70, ""])
async def test_a_host_that_cannot_be_dialled_is_unavailable(host: str) -> None:
    async with HttpCardReader() as reader:
        with pytest.raises(CardUnavailable, match="cannot be read"):
            await reader.fetch(host, 8080, "http", PATH)


async def test_a_service_without_a_ready_replica_is_unavailable() -> None:
    class Empty:
        def addresses(self, host: str, port: int) -> Sequence[tuple[str, int]]:  # noqa: ARG002 - the port's names
            return []

    async with HttpCardReader(Empty()) as reader:
        with pytest.raises(CardUnavailable, match="no ready replica"):
            await reader.fetch("billing", 8080, "http", PATH)


def test_the_network_leaves_every_host_as_it_is() -> None:
    assert NetworkAddresses().addresses("billing", 8080) == (("billing", 8080),)
