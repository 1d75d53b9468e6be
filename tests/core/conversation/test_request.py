from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lmos.core.conversation import AgentRequest, Conversation, KeyValue, agent_request, as_mapping

RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "recordings"

BODY: dict[str, Any] = {
    "inputContext": {
        "messages": [{"role": "user", "content": "hello", "format": "text", "turnId": "t0"}],
        "explicitAgent": "stub-agent",
        "anonymizationEntities": [{"type": "NAME", "value": "Bob", "replacement": "P1"}],
    },
    "systemContext": {"channelId": "web", "contextParams": [{"key": "k1", "value": "v1"}]},
    "userContext": {
        "userId": "user1",
        "userToken": "tok",
        "contextParams": [{"key": "p1", "value": "pv1"}],
    },
}


def body(**changes: Any) -> Conversation:
    return Conversation.model_validate(BODY | changes)


def test_an_agent_is_asked_with_every_null_written() -> None:
    request = agent_request(body(), tenant="acme", conversation="conv1", turn="turn-1")

    assert request.to_wire() == {
        "messages": [
            {"role": "user", "content": "hello", "format": "text", "turnId": "t0", "binaryData": None}
        ],
        "conversationContext": {
            "conversationId": "conv1",
            "turnId": "turn-1",
            "anonymizationEntities": [{"type": "NAME", "value": "Bob", "replacement": "P1"}],
        },
        "systemContext": [
            {"key": "k1", "value": "v1"},
            {"key": "tenantId", "value": "acme"},
            {"key": "channelId", "value": "web"},
            {"key": "turnId", "value": "turn-1"},
        ],
        "userContext": {
            "userId": "user1",
            "userToken": "tok",
            "profile": [{"key": "p1", "value": "pv1"}],
        },
    }


def test_a_client_cannot_speak_for_another_tenant() -> None:
    forged = body(
        systemContext={"channelId": "web", "contextParams": [{"key": "tenantId", "value": "globex"}]}
    )

    request = agent_request(forged, tenant="acme", conversation="c", turn="t")

    assert [entry.value for entry in request.system_context if entry.key == "tenantId"] == ["acme"]


def test_intermediate_messages_are_asked_for_only_on_request() -> None:
    quiet = agent_request(body(), tenant="acme", conversation="c", turn="t")
    streamed = agent_request(body(), tenant="acme", conversation="c", turn="t", streaming=True)

    assert "streaming" not in as_mapping(quiet.system_context)
    assert as_mapping(streamed.system_context)["streaming"] == "true"


def test_the_routed_capability_is_passed_on() -> None:
    request = agent_request(body(), tenant="acme", conversation="c", turn="t", capability="view-bill")

    assert KeyValue(key="capability", value="view-bill") in request.system_context


def test_unknown_fields_are_accepted() -> None:
    assert body(extra={"anything": 1}) == body()


@pytest.mark.parametrize("missing", ["inputContext", "systemContext", "userContext"])
def test_a_body_without_a_context_is_refused(missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        Conversation.model_validate({key: value for key, value in BODY.items() if key != missing})


def test_an_agent_request_may_leave_out_what_the_original_insists_on() -> None:
    request = AgentRequest.model_validate(
        {
            "messages": [{"role": "user", "content": "hi"}],
            "conversationContext": {"conversationId": "c1"},
        }
    )

    assert request.messages[0].format == "text"
    assert request.system_context == ()
    assert request.user_context.profile == ()


def test_recorded_bodies_become_the_recorded_requests_apart_from_what_we_add() -> None:
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of the original are not at ../shared")
    exchange = json.loads((RECORDINGS / "runtime-http.jsonl").read_text().splitlines()[0])
    sent = next(
        json.loads(frame["data"])["payload"]["variables"]["request"]
        for frame in map(json.loads, (RECORDINGS / "runtime-to-agent.jsonl").read_text().splitlines())
        if frame["dir"] == "C>" and '"subscribe"' in frame["data"]
    )

    ours = agent_request(
        Conversation.model_validate_json(exchange["request"]["body"]),
        tenant="acme",
        conversation="conv1",
        turn="turn-1",
    ).to_wire()

    added = {"tenantId", "channelId", "turnId"}
    ours["systemContext"] = [entry for entry in ours["systemContext"] if entry["key"] not in added]
    ours["conversationContext"]["turnId"] = None
    assert ours == sent
