"""An Agent of somebody who knows A2A and not LMOS: made with the official SDK, served at `PORT`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import uvicorn
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandlerV2
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    Part,
    Task,
    TaskState,
    TaskStatus,
)
from starlette.applications import Starlette

if TYPE_CHECKING:
    from a2a.server.agent_execution import RequestContext
    from a2a.server.events import EventQueue

PORT = int(os.environ["PORT"])
CARD = AgentCard(
    name="roaming",
    description="Sells roaming passes",
    version="2.1.0",
    capabilities=AgentCapabilities(streaming=True),
    default_input_modes=["text/plain"],
    default_output_modes=["text/plain"],
    supported_interfaces=[
        AgentInterface(url=f"http://localhost:{PORT}/rpc", protocol_binding="JSONRPC", protocol_version="1.0")
    ],
    skills=[
        AgentSkill(
            id="buy-pass",
            name="buy-pass",
            description="Sells a pass for another country",
            tags=["roaming"],
            examples=["I go to Norway", "sell me a pass", "I need internet abroad"],
        )
    ],
)


class Roaming(AgentExecutor):
    """Sells a pass, word by word."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Answer one message."""
        id_, conversation = str(context.task_id), str(context.context_id)
        submitted = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
        await event_queue.enqueue_event(Task(id=id_, context_id=conversation, status=submitted))
        task = TaskUpdater(event_queue, id_, conversation)
        await task.start_work(task.new_agent_message([Part(text="Looking for passes")]))
        for number, word in enumerate(("A pass ", "costs ", "5 euros.")):
            await task.add_artifact([Part(text=word)], artifact_id="pass", append=number > 0)
        await task.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Stop one Task."""
        await TaskUpdater(event_queue, str(context.task_id), str(context.context_id)).cancel()


if __name__ == "__main__":
    handler = DefaultRequestHandlerV2(Roaming(), InMemoryTaskStore(), CARD)
    routes = [*create_agent_card_routes(CARD), *create_jsonrpc_routes(handler, "/rpc")]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=PORT)
