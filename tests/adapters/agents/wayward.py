"""Agents that keep the protocol in their own ways, and count the sockets they are asked on."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from lmos.adapters.agents import Deadlines, GraphQlAgentClient, Limits
from lmos.core.conversation import AgentRequest, ConversationContext, Message, message_result
from lmos.core.resources.endpoint import Address
from lmos.ports.agents import AgentFailed, AgentTimeout, AgentUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from lmos.ports.agents import AddressBook

    Manner = Callable[["Peer", ServerConnection, dict[str, Any]], Awaitable[None]]


# Sockets are used again at once: these tests do not wait to see whether the Agent hangs up.
EAGER = Limits(settle_seconds=0.0)


@dataclass
class Peer:
    """What a wayward Agent saw."""

    port: int = 0
    upgrades: list[dict[str, str]] = field(default_factory=list)
    subscribed: list[dict[str, Any]] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    sockets: set[ServerConnection] = field(default_factory=set)
    sockets_open: int = 0
    stop_listening: Callable[[], None] = lambda: None
    none_open: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Something happened."""
        self.news.set()
        self.news = asyncio.Event()

    async def until(self, happened: Callable[[Peer], object]) -> None:
        """Wait until it has happened."""
        async with asyncio.timeout(10):
            while not happened(self):
                await self.news.wait()

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port)


@asynccontextmanager
async def wayward(manner: Manner, *, echoes_subprotocol: bool = True, port: int = 0) -> AsyncIterator[Peer]:
    """Run an Agent that does `manner` about each subscribe."""
    peer = Peer()

    async def handle(socket: ServerConnection) -> None:
        peer.upgrades.append(dict(socket.request.headers.raw_items()) if socket.request else {})
        peer.sockets.add(socket)
        peer.sockets_open += 1
        peer.none_open.clear()
        peer.tell()
        answers: set[asyncio.Task[None]] = set()
        try:
            async for text in socket:
                message = json.loads(text)
                match message["type"]:
                    case "connection_init":
                        await socket.send('{"type":"connection_ack"}')
                    case "subscribe":
                        peer.subscribed.append(message)
                        answers.add(asyncio.create_task(quietly(manner(peer, socket, message))))
                    case "complete":
                        peer.completed.append(message["id"])
                peer.tell()
        except ConnectionClosed:
            pass
        finally:
            await asyncio.gather(*answers)
            peer.sockets.discard(socket)
            peer.sockets_open -= 1
            if not peer.sockets_open:
                peer.none_open.set()

    subprotocols = [Subprotocol("graphql-transport-ws")] if echoes_subprotocol else None
    async with serve(
        handle, "127.0.0.1", port, subprotocols=subprotocols, compression=None, close_timeout=0.1
    ) as server:
        peer.stop_listening = lambda: server.close(close_connections=False)
        peer.port = next(iter(server.sockets)).getsockname()[1]
        yield peer


@asynccontextmanager
async def raw(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Run a TCP server whose every connection is handled to its end; the value is its port."""
    handling: list[asyncio.Task[None]] = []

    async def close_after(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.append(asyncio.create_task(close_after(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*handling)


async def quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except ConnectionClosed:
        return


def frame(type_: str, id_: str, payload: object = None) -> str:
    return json.dumps({"type": type_, "id": id_} | ({} if payload is None else {"payload": payload}))


def answer_frame(id_: str, text: str = "hello") -> str:
    return frame("next", id_, {"data": {"agent": message_result(text).to_wire()}})


async def answer(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
    """Answer at once."""
    await socket.send(answer_frame(message["id"]))
    await socket.send(frame("complete", message["id"]))


def request(text: str = "hi") -> AgentRequest:
    return AgentRequest(
        messages=(Message(role="user", content=text),),
        conversation_context=ConversationContext(conversation_id="c1"),
    )


async def text_of(client: GraphQlAgentClient, address: Address, headers: dict[str, str] | None = None) -> str:
    """The final answer of one Turn."""
    results = [result async for result in client.ask(address, request(), headers=headers)]
    return results[-1].text


@asynccontextmanager
async def asking(
    *, limits: Limits = EAGER, deadlines: Deadlines | None = None, book: AddressBook | None = None
) -> AsyncIterator[GraphQlAgentClient]:
    client = GraphQlAgentClient(book, limits=limits, deadlines=deadlines)
    try:
        yield client
    finally:
        await client.aclose()


class Replicas:
    """An address book with one page."""

    def __init__(self, *ports: int) -> None:
        self.ports = ports

    def addresses(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        assert (host, port) == ("billing", 8080)
        return [("127.0.0.1", port) for port in self.ports]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def outcomes(client: GraphQlAgentClient, address: Address, turns: int, at_once: int) -> Counter[str]:
    """How often each text or error came out of `turns` Turns, `at_once` of them side by side."""
    counted: Counter[str] = Counter()

    async def some(number: int) -> None:
        for _ in range(number):
            try:
                counted[await text_of(client, address)] += 1
            except (AgentUnavailable, AgentFailed, AgentTimeout) as error:
                counted[error.code] += 1

    await asyncio.gather(*(some(turns // at_once) for _ in range(at_once)))
    return counted
