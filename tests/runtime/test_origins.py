"""Web pages: what a browser can be led to do, and which pages are let in."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.runtime.http import Origins, runtime_app
from lmos.runtime.http.origins import InvalidOrigin
from lmos.testing.clock import CountingIds
from tests.runtime.doors import served
from tests.runtime.rig import Rig, body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

PAGE = "https://chat.example.com"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "x-turn-id"}


def opened(rig: Rig, origins: str = "", host: str = "127.0.0.1") -> ASGIApp:
    """The doors as they are served at `host`, with the pages of `origins` let in."""
    parsed = Origins.parse(origins)
    return runtime_app(
        rig.turns,
        rig.table,
        rig.store,
        ids=CountingIds("turn"),
        telling=rig.telling,
        origins=parsed,
        host=host,
    )


@asynccontextmanager
async def behind(rig: Rig, origins: str = "", host: str = "127.0.0.1") -> AsyncIterator[httpx2.AsyncClient]:
    transport = AsgiTransport(opened(rig, origins, host))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http


async def asked_from(http: httpx2.AsyncClient, headers: dict[str, str]) -> httpx2.Response:
    said = body("hello", explicit="billing")
    return await http.post("/apis/v1/acme/chat/c1/message", json=said, headers={"x-turn-id": "t1", **headers})


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("", set()),
        (" , ", set()),
        ("*", {"*"}),
        (f"{PAGE}, http://localhost:3000", {PAGE, "http://localhost:3000"}),
        ("https://Chat.Example.com/", {PAGE}),
        ("http://[::1]:8080", {"http://[::1]:8080"}),
    ],
)
def test_origins_are_listed_with_commas_between_them(text: str, listed: set[str]) -> None:
    assert Origins.parse(text).listed == listed


@pytest.mark.parametrize(
    "text", ["chat.example.com", "https://", "https://a.example/chat", "https://*.example", "null", "ftp://a"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(InvalidOrigin, match="no origin"):
        Origins.parse(text)


@pytest.mark.parametrize("origins", [PAGE, f"http://other.example,{PAGE}", "*"])
async def test_a_listed_page_may_ask_and_read_the_answer(rig: Rig, origins: str) -> None:
    async with behind(rig, origins) as http:
        allowed = await http.options("/graphql", headers={"origin": PAGE, **PREFLIGHT})
        answer = await asked_from(http, {"origin": PAGE})

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] in {PAGE, "*"}
    assert allowed.headers["access-control-allow-headers"] == "x-turn-id"
    assert answer.json()["content"] == "42 euros"
    assert answer.headers["access-control-allow-origin"] in {PAGE, "*"}
    assert "x-lmos-agent" in answer.headers["access-control-expose-headers"]


# The status lets nobody in: without the header that names its origin, a browser stops there.
@pytest.mark.parametrize(("origins", "status"), [("", 204), ("https://other.example", 400)])
async def test_no_other_page_gets_past_the_preflight(rig: Rig, origins: str, status: int) -> None:
    async with behind(rig, origins) as http:
        refused = await http.options("/graphql", headers={"origin": PAGE, **PREFLIGHT})

    assert refused.status_code == status
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("path", ["/apis/v1/acme/chat/c1/message", "/v1/chat/completions", "/graphql"])
async def test_nothing_is_asked_by_what_needs_no_preflight(rig: Rig, path: str) -> None:
    for headers in ({}, {"content-type": ""}, {"content-type": "text/plain"}):
        response = await rig.http.post(path, content="{}", headers={"x-turn-id": "t1", **headers})

        assert response.status_code == 415
    assert rig.agents.asked == []


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8081", 200),
        ("127.0.0.1:8081", 200),
        ("[::1]:8081", 200),
        ("chat.example.com", 200),
        ("rebound.example:8081", 403),
        ("127.0.0.1.rebound.example", 403),
        ("", 403),
    ],
)
async def test_on_loopback_a_request_names_it_or_the_host_of_a_listed_page(
    rig: Rig, host: str, status: int
) -> None:
    async with behind(rig, PAGE) as http:
        response = await http.get("/health", headers={"host": host})

    assert response.status_code == status
    if status == 403:
        assert response.json()["code"] == "ForeignPage"


@pytest.mark.parametrize(("host", "origins"), [("0.0.0.0", ""), ("127.0.0.1", "*")])
async def test_elsewhere_or_where_every_page_is_let_in_any_name_will_do(
    rig: Rig, host: str, origins: str
) -> None:
    async with behind(rig, origins, host) as http:
        assert (await http.get("/health", headers={"host": "runtime.lmos.svc"})).is_success


@pytest.mark.parametrize(
    ("origins", "origin", "is_taken"),
    [
        ("", None, True),
        ("", "http://{host}", True),
        ("", "http://localhost:1", False),
        ("", PAGE, False),
        ("", "null", False),
        (PAGE, PAGE, True),
        (PAGE, "https://chat.example.com.evil.example", False),
        ("*", "https://any.example", True),
    ],
)
async def test_a_web_socket_is_opened_by_listed_pages_and_our_own(
    rig: Rig, origins: str, origin: str | None, is_taken: bool
) -> None:
    rig.app = opened(rig, origins)
    async with served(rig) as url:
        host = url.removeprefix("http://")
        headers = {"origin": origin.format(host=host)} if origin else None
        dialling = connect(f"ws://{host}/subscriptions", additional_headers=headers)
        if is_taken:
            async with dialling:
                return
        with pytest.raises(InvalidStatus, match="403"):
            await dialling


async def test_a_web_socket_takes_messages_as_large_as_a_body_and_no_extension(rig: Rig) -> None:
    async with served(rig) as url, connect(f"ws{url.removeprefix('http')}/subscriptions") as socket:
        assert not socket.protocol.extensions
        await socket.send('{"type": "connection_init", "payload": {"much": "%s"}}' % ("x" * 4_000_000))
        assert "connection_ack" in str(await socket.recv())
        await socket.send("x" * (4 * 1024 * 1024 + 1))

        with pytest.raises(ConnectionClosedError) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
