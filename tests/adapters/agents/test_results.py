"""Results of every type, each as the Agent said it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lmos.core.conversation import message_result
from tests.adapters.agents.wayward import Peer, asking, frame, request, wayward

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection


async def test_whatever_an_agent_answers_goes_through_as_it_is() -> None:
    said = [
        {"messages": [], "type": "EVENT", "context": [{"key": "eventType", "value": "ToolCalled"}]},
        {"messages": [{"role": "assistant", "content": "One moment."}], "type": "INTERMEDIATE_MESSAGE"},
        {
            "status": "AGENT_HANDOVER[billing-agent]",
            "responseTime": 0.5,
            "messages": [
                {"role": "assistant", "content": "First.", "format": "ssml", "turnId": "t1"},
                {
                    "role": "assistant",
                    "content": "Second.",
                    "binaryData": [{"mimeType": "image/png", "dataAsBase64": "iVBO", "source": None}],
                },
            ],
            "anonymizationEntities": [{"type": "NAME", "value": "Bob", "replacement": "P1"}],
            "toolCalls": [{"name": "find", "arguments": '{"a": 1}'}],
            "type": "MESSAGE",
        },
        {"messages": [{"role": "assistant", "content": "Sorry."}], "type": "ERROR"},
        {"messages": [{"role": "assistant", "content": "Of before ARC 0.200."}]},
    ]

    async def say_it_all(_peer: Peer, socket: ServerConnection, message: dict[str, Any]) -> None:
        for each in said:
            await socket.send(frame("next", message["id"], {"data": {"agent": each}}))
        await socket.send(frame("complete", message["id"]))

    async with wayward(say_it_all) as peer, asking() as client:
        heard = [result.to_wire() async for result in client.ask(peer.address, request())]

    for result, original in zip(heard, said, strict=True):
        assert _within(original, result)
    asked_for = peer.subscribed[0]["payload"]["query"]
    assert all(field in asked_for for field in message_result("").to_wire())
    assert "binaryData" in asked_for


def _within(said: Any, heard: Any) -> bool:
    """Whether everything that was said was heard; what was left out has its default."""
    if isinstance(said, dict):
        return all(_within(value, heard[key]) for key, value in said.items())
    if isinstance(said, list):
        return len(said) == len(heard) and all(map(_within, said, heard))
    return json.dumps(said) == json.dumps(heard)
