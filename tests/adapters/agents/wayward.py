"""Agents that keep the protocol in their own ways, and count the sockets they are asked on."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from lmos.core.conversation import AgentRequest, ConversationContext, Message, message_result
from lmos.core.resources.endpoint import Address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lmos.adapters.agents import GraphQlAgentClient

    Manner = Callable[["Peer", ServerConnection, dict[str, Any]], Awaitable[None]]


@dataclass
class Peer:
    """What a wayward Agent saw."""

    port: int = 0
    upgrades: list[dict[str, str]] = field(default_factory=list)
    subscribed: list[dict[str, Any]] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    sockets_open: int = 0
    none_open: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port)


@asynccontextmanager
async def wayward(manner: Manner, *, echoes_subprotocol: bool = True) -> AsyncIterator[Peer]:
    """Run an Agent that does `manner` about each subscribe."""
    peer = Peer()

    async def handle(socket: ServerConnection) -> None:
        peer.upgrades.append(dict(socket.request.headers.raw_items()) if socket.request else {})
        peer.sockets_open += 1
        peer.none_open.clear()
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
        except ConnectionClosed:
            pass
        finally:
            await asyncio.gather(*answers)
            peer.sockets_open -= 1
            if not peer.sockets_open:
                peer.none_open.set()

    subprotocols = [Subprotocol("graphql-transport-ws")] if echoes_subprotocol else None
    async with serve(handle, "127.0.0.1", 0, subprotocols=subprotocols, compression=None) as server:
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
