"""A real A2A server, made with the official SDK, whose Agent behaves as the user's message says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandlerV2
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    Message,
    Part,
    Role,
    Task,
    TaskState,
    TaskStatus,
)
from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette

from lmos.adapters.agents import Limits, ProtocolAgentClient
from lmos.apps.serving import Door
from lmos.core.resources.endpoint import A2A_HTTP_JSON, A2A_JSONRPC, Address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from a2a.server.agent_execution import RequestContext
    from a2a.server.events import EventQueue
    from starlette.types import ASGIApp, Receive, Scope, Send

    from lmos.adapters.agents import Deadlines
    from lmos.ports.agents import AddressBook

PATHS = {A2A_JSONRPC: "/a2a", A2A_HTTP_JSON: "/rest"}
PROTOCOLS = tuple(PATHS)


@dataclass
class Actor(AgentExecutor):
    """
    Does what it is told.

    Attributes:
        asked: The messages it got, as JSON.
        headers: Those of every HTTP request.
        paths: Where each of those went.
        connections: The client's port of each.
        cancelled: Set when a Task of its is cancelled by a request.
    """

    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def address(self, protocol: str) -> Address:
        return Address("127.0.0.1", self.port, path=PATHS[protocol], protocol=protocol)

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.message
        self.asked.append(MessageToDict(context.message))
        told = context.get_user_input()
        if told == "says":
            said = [Part(text="one"), Part(text="two"), Part(raw=b"\x00\xff", media_type="image/png")]
            await event_queue.enqueue_event(Message(message_id="m", role=Role.ROLE_AGENT, parts=said))
            return
        assert context.task_id
        assert context.context_id
        submitted = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
        await event_queue.enqueue_event(
            Task(id=context.task_id, context_id=context.context_id, status=submitted)
        )
        task = TaskUpdater(event_queue, context.task_id, context.context_id)
        await self.act(task, self.asked[-1])

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.task_id
        assert context.context_id
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()
        self.cancelled.set()

    async def act(self, task: TaskUpdater, asked: dict[str, Any]) -> None:
        told = asked["parts"][0]["text"]
        words = task.new_agent_message([Part(text=f"It {told}.")])
        match told:
            case "streams":
                await task.start_work(task.new_agent_message([Part(text="thinking")]))
                await task.add_artifact([Part(text="one ")], artifact_id="a", append=False)
                await task.add_artifact([Part(text="two")], artifact_id="a", append=True, last_chunk=True)
                await task.complete()
            case "asks back":
                await task.requires_input(words)
            case "failed":
                await task.failed(words)
            case "rejects":
                await task.reject(words)
            case "wants a login":
                await task.requires_auth(words)
            case "fails in silence":
                await task.failed()
            case "breaks":
                raise ValueError("a secret")
            case "waits":
                await task.start_work(words)
                await asyncio.Event().wait()
            case "is large":
                await task.complete(task.new_agent_message([Part(text="x" * 100_000)]))
            case _:
                await task.complete(task.new_agent_message([Part(text=told)]))


def card(port: int, *, streaming: bool = True, host: str = "127.0.0.1") -> AgentCard:
    """What the Agent says about itself; both bindings are offered, JSON-RPC first."""
    return AgentCard(
        name="actor",
        description="Does what it is told",
        version="1.0.0",
        capabilities=AgentCapabilities(streaming=streaming),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        supported_interfaces=[
            AgentInterface(
                url=f"http://{host}:{port}{path}", protocol_binding=binding, protocol_version="1.0"
            )
            for binding, path in (("JSONRPC", PATHS[A2A_JSONRPC]), ("HTTP+JSON", PATHS[A2A_HTTP_JSON]))
        ],
        skills=[
            AgentSkill(
                id="act", name="act", description="Acts", tags=["stage"], examples=["act like a tree", "play"]
            )
        ],
    )


@asynccontextmanager
async def acting(actor: Actor | None = None, *, streaming: bool = True) -> AsyncIterator[Actor]:
    """Serve the Agent on loopback while the block runs."""
    door = Door("agent", "127.0.0.1", 0, option="--port")
    actor = actor or Actor()
    actor.port = door.port
    about = card(actor.port, streaming=streaming)
    handler = DefaultRequestHandlerV2(actor, InMemoryTaskStore(), about)
    routes = [
        *create_agent_card_routes(about),
        *create_jsonrpc_routes(handler, PATHS[A2A_JSONRPC]),
        *create_rest_routes(handler, path_prefix=PATHS[A2A_HTTP_JSON]),
    ]
    serving = asyncio.create_task(door.serve(_watched(Starlette(routes=routes), actor)))
    try:
        yield actor
    finally:
        serving.cancel()
        await asyncio.wait([serving])


def _watched(app: ASGIApp, actor: Actor) -> ASGIApp:
    async def watch(scope: Scope, receive: Receive, send: Send) -> None:
        actor.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        actor.paths.append(scope["path"])
        actor.connections.append(scope["client"][1])
        await app(scope, receive, send)

    return watch


@asynccontextmanager
async def asking(
    *, limits: Limits | None = None, deadlines: Deadlines | None = None, book: AddressBook | None = None
) -> AsyncIterator[ProtocolAgentClient]:
    """A client that is closed after the block."""
    client = ProtocolAgentClient(book, limits=limits, deadlines=deadlines)
    try:
        yield client
    finally:
        await client.aclose()
