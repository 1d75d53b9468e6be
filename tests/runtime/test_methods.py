"""What HTTP says of methods, at every path: HEAD, OPTIONS, and 405 with the methods that there are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import message_result
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

    from lmos.core.conversation import AgentRequest, AgentResult
    from tests.runtime.rig import Rig

PREFIXES = ("/apis/v1", "/lmos/runtime/apis/v1")

# Paths under both prefixes, and their methods.
API = {
    "/acme/chat/c1/message": "POST",
    "/agents?tenantId=acme&channelId=web": "GET, HEAD",
    "/agents/acme/web": "GET, HEAD",
    "/tenants/acme/channels": "GET, HEAD",
    "/tenants/acme/channels/web": "GET, HEAD",
    "/tenants/acme/channels/web/routing": "GET, HEAD",
    "/turns/t1": "GET, HEAD",
    "/acme/chat/c1/turns/t1": "DELETE, GET, HEAD",
    "/acme/chat/c1/turns/t1/events": "GET, HEAD",
    "/acme/conversations": "DELETE, GET, HEAD",
    "/acme/conversations/c1": "DELETE, GET, HEAD",
}
METHODS = {prefix + path: methods for prefix in PREFIXES for path, methods in API.items()} | {
    "/v1/chat/completions": "POST",
    "/v1/responses": "POST",
    "/v1/responses/resp_none": "GET, HEAD",
    "/v1/models": "GET, HEAD",
    "/v1/models/acme/web": "GET, HEAD",
    "/graphql": "POST",
    "/sdl": "GET, HEAD",
    "/subscriptions": "GET, HEAD",
    "/health": "GET, HEAD",
    "/health/liveness": "GET, HEAD",
    "/health/readiness": "GET, HEAD",
    "/metrics": "GET, HEAD",
    "/openapi.json": "GET, HEAD",
}


def allowed(response: httpx2.Response) -> str:
    return ", ".join(sorted(response.headers["allow"].split(", ")))


@pytest.mark.parametrize("path", METHODS)
async def test_a_method_that_a_path_has_not_is_refused_with_those_that_it_has(rig: Rig, path: str) -> None:
    methods = METHODS[path].split(", ")
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - set(methods):
        refused = await rig.http.request(method, path, json={})

        assert (refused.status_code, allowed(refused)) == (405, METHODS[path]), method
        assert "Allowed" in refused.text


@pytest.mark.parametrize("path", METHODS)
async def test_the_methods_of_a_path_can_be_asked_for(rig: Rig, path: str) -> None:
    told = await rig.http.options(path)

    assert (told.status_code, allowed(told), told.content) == (204, METHODS[path], b"")


@pytest.mark.parametrize("path", METHODS)
async def test_head_is_answered_as_get_without_the_body(rig: Rig, path: str) -> None:
    await rig.ask()

    whole, head = await rig.http.get(path), await rig.http.head(path)

    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers == whole.headers


async def test_the_headers_of_a_stream_are_told_without_listening_to_it(rig: Rig) -> None:
    goes_on = asyncio.Event()

    async def script(_: AgentRequest) -> AsyncIterator[AgentResult]:
        await goes_on.wait()
        yield message_result("at last")

    rig.agents.plays("billing", script)
    asking = asyncio.create_task(rig.ask())
    await eventually(lambda: rig.agents.asked)

    head = await rig.http.head("/apis/v1/acme/chat/c1/turns/t1/events")
    goes_on.set()

    assert head.headers["content-type"].startswith("text/event-stream")
    assert (await asking).is_success


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "BREW"])
@pytest.mark.parametrize("path", ["/nowhere", "/apis/v1", "/apis/v1/acme/chat/c1", "/v1", "/apis/v1/turns/"])
async def test_a_path_that_leads_nowhere_has_no_methods(rig: Rig, method: str, path: str) -> None:
    refused = await rig.http.request(method, path)

    assert (refused.status_code, "allow" in refused.headers) == (404, False)


async def test_subscriptions_are_for_websockets(rig: Rig) -> None:
    refused = await rig.http.get("/subscriptions")

    assert (refused.status_code, refused.headers["upgrade"]) == (426, "websocket")


BODIES = {
    "/apis/v1/acme/chat/c1/message": "InvalidRequest",
    "/lmos/runtime/apis/v1/acme/chat/c1/message": "InvalidRequest",
    "/v1/chat/completions": "ParameterInvalid",
    "/v1/responses": "ParameterInvalid",
    "/graphql": "InvalidRequest",
}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, ""),
        (b"[]", "application/json", 400, ""),
        (b'{"messages": 1, "model": 1, "inputContext": 1}', "application/json", 400, ""),
        (b"{}", "text/plain", 415, "UnsupportedMediaType"),
        (b"{}", "application/x-www-form-urlencoded", 415, "UnsupportedMediaType"),
        (b"{}", "application/json; charset=latin-1", 415, "UnsupportedMediaType"),
        (b" " * (4 * 1024 * 1024 + 1), "application/json", 413, "BodyTooLarge"),
    ],
)
async def test_a_body_that_cannot_be_taken_is_refused_with_the_same_status_at_every_door(
    rig: Rig, path: str, content: bytes, media_type: str, status: int, code: str
) -> None:
    headers = {"content-type": media_type, "x-turn-id": "t1"}

    refused = await rig.http.post(path, content=content, headers=headers)

    if path == "/graphql" and content.startswith(b'{"'):
        # A query that cannot be run is answered, as by the original.
        assert (refused.status_code, "errors" in refused.json()) == (200, True)
        return
    assert refused.status_code == status
    assert (code or BODIES[path]) in refused.text
    assert rig.agents.asked == []
