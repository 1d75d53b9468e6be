"""Ask an Agent in a test, without a socket or over loopback."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.arc.answering import answer
from lmos.arc.http import agent_app
from lmos.arc.serving import AgentServer, config_for, listen
from lmos.arc.sockets import INIT_SECONDS
from lmos.core.conversation import (
    CAPABILITY_KEY,
    STREAMING_KEY,
    TENANT_KEY,
    TRUE,
    USER,
    AgentRequest,
    AgentResult,
    AgentResultType,
    AgentUserContext,
    ConversationContext,
    KeyValue,
    Message,
    as_mapping,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from lmos.arc.agent import Agent


@dataclass(frozen=True, slots=True)
class Reply:
    """What an Agent said in a Turn."""

    results: tuple[AgentResult, ...]

    @property
    def text(self) -> str:
        """The final answer."""
        return self.results[-1].text

    @property
    def capability(self) -> str | None:
        """Name of the Capability that answered, None if the Agent's own handler did."""
        return as_mapping(self.results[-1].context or ()).get(CAPABILITY_KEY)

    @property
    def handed_to(self) -> str | None:
        """Name of the Agent that shall answer instead, None if this one did."""
        return self.results[-1].handed_to

    @property
    def pieces(self) -> tuple[str, ...]:
        """The streamed pieces of the answer."""
        return tuple(result.text for result in self.results if result.is_piece)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was said on the way to the answer."""
        intermediate = AgentResultType.INTERMEDIATE_MESSAGE
        said = (result for result in self.results if result.type is intermediate and not result.is_piece)
        return tuple(result.text for result in said)


async def ask(
    agent: Agent,
    text: str,
    *,
    conversation: str = "test",
    tenant: str = "acme",
    history: Sequence[Message] = (),
    streaming: bool = False,
    **system: str,
) -> Reply:
    """
    One Turn with `agent`; the same `conversation` and `tenant` share the Agent's memory.

    Args:
        agent: Who is asked.
        text: The user's words.
        conversation: Id of the Conversation.
        tenant: Whose Conversation it is.
        history: What was said before.
        streaming: Ask for pieces and remarks.
        system: Further entries of the system context: `channelId="web"`, `capability="view-bill"`.

    Raises:
        HandlerFailed: As over the wire; its cause is what the handler raised.
    """
    entries = {TENANT_KEY: tenant, **({STREAMING_KEY: TRUE} if streaming else {}), **system}
    request = AgentRequest(
        messages=(*history, Message(role=USER, content=text)),
        conversation_context=ConversationContext(conversation_id=conversation),
        system_context=tuple(KeyValue(key=key, value=value) for key, value in entries.items()),
        user_context=AgentUserContext(user_id="tester"),
    )
    return Reply(tuple([result async for result in answer(agent, request)]))


@asynccontextmanager
async def served(*agents: Agent, init_seconds: float = INIT_SECONDS) -> AsyncIterator[int]:
    """Serve `agents` on loopback while the block runs; its value is the port."""
    listening = listen("127.0.0.1", 0)
    server = AgentServer(config_for(agent_app(*agents, init_seconds=init_seconds)))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        listening.close()
