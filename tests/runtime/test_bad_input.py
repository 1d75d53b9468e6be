"""Bad input: each is refused with a 4xx status and a problem document, and nothing else is harmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from lmos.runtime.asked import LONGEST_NAME, MOST_MESSAGES
from lmos.runtime.http.requests import LARGEST_BODY
from tests.runtime.rig import Rig, body, message

if TYPE_CHECKING:
    import httpx2

CHAT = "/apis/v1/acme/chat/c1/message"
JSON = {"content-type": "application/json", "x-turn-id": "t1"}
JSON_TYPE = (b"content-type", b"application/json")
GOOD = orjson.dumps(body("hello", explicit="billing"))
LONG = "n" * (LONGEST_NAME + 1)


def assert_refused(response: httpx2.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    problem = response.json()
    assert (problem["status"], problem["code"]) == (status, code)
    for field in ("errorCode", "message", "hint", "title", "detail"):
        assert problem[field], field
    assert "Traceback" not in response.text
    assert len(response.content) < 2000


async def assert_unharmed(rig: Rig) -> None:
    """Nothing was asked or kept, and the next Turn is answered."""
    assert rig.agents.asked == []
    assert await rig.store.find("t1") is None
    assert (await rig.ask(turn="after")).json()["content"] == "42 euros"


def without(*path: str) -> bytes:
    content: Any = body("hello", explicit="billing")
    place = content
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return orjson.dumps(content)


def with_value(value: Any, *path: str) -> bytes:
    content: Any = body("hello", explicit="billing")
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return orjson.dumps(content)


BODIES: dict[str, tuple[bytes, int, str]] = {
    "no body": (b"", 400, "InvalidRequest"),
    "no JSON": (b"hello", 400, "InvalidRequest"),
    "half of it": (GOOD[:-1], 400, "InvalidRequest"),
    "two of them": (GOOD + GOOD, 400, "InvalidRequest"),
    "null": (b"null", 400, "InvalidRequest"),
    "a list": (b"[]", 400, "InvalidRequest"),
    "a number": (b"1", 400, "InvalidRequest"),
    "another object": (b'{"invalid": "data"}', 400, "InvalidRequest"),
    "UTF-16": (GOOD.decode().encode("utf-16"), 400, "InvalidRequest"),
    "UTF-32": (GOOD.decode().encode("utf-32"), 400, "InvalidRequest"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, 400, "InvalidRequest"),
    "Latin-1": (GOOD.replace(b"hello", "für".encode("latin-1")), 400, "InvalidRequest"),
    "overlong UTF-8": (GOOD.replace(b"hello", b"\xc0\xaf"), 400, "InvalidRequest"),
    "half a character": (GOOD.replace(b"hello", b"\xf0\x9f\x98"), 400, "InvalidRequest"),
    "a lone surrogate": (GOOD.replace(b"hello", b"\\ud800"), 400, "InvalidRequest"),
    "a surrogate too late": (GOOD.replace(b"hello", b"\\udc00\\ud800"), 400, "InvalidRequest"),
    "a raw surrogate": (GOOD.replace(b"hello", b"\xed\xa0\x80"), 400, "InvalidRequest"),
    "a raw control character": (GOOD.replace(b"hello", b"\x00"), 400, "InvalidRequest"),
    "deep lists": (b"[" * 100_000 + b"]" * 100_000, 400, "InvalidRequest"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, "InvalidRequest"),
    "deep unknown fields": (GOOD[:-1] + b',"x":' + b"[" * 9999 + b"]" * 9999 + b"}", 400, "InvalidRequest"),
    "not a number": (GOOD[:-1] + b',"x":NaN}x', 400, "InvalidRequest"),
    "no messages": (without("inputContext", "messages"), 400, "InvalidRequest"),
    "no input context": (without("inputContext"), 400, "InvalidRequest"),
    "no channel": (without("systemContext", "channelId"), 400, "InvalidRequest"),
    "no user": (without("userContext", "userId"), 400, "InvalidRequest"),
    "messages as text": (with_value("hello", "inputContext", "messages"), 400, "InvalidRequest"),
    "a message as text": (with_value(["hello"], "inputContext", "messages"), 400, "InvalidRequest"),
    "a message as number": (with_value([message(1)], "inputContext", "messages"), 400, "InvalidRequest"),  # type: ignore[arg-type] # wrong on purpose
    "no content": (with_value([{"role": "user"}], "inputContext", "messages"), 400, "InvalidRequest"),
    "null for a user": (with_value(None, "userContext", "userId"), 400, "InvalidRequest"),
    "null for parameters": (with_value(None, "systemContext", "contextParams"), 400, "InvalidRequest"),
    "an agent as list": (with_value([], "inputContext", "explicitAgent"), 400, "InvalidRequest"),
    "nobody speaks": (orjson.dumps(body()), 400, "InvalidTurn"),
    "only the system speaks": (orjson.dumps(body(message("be kind", "system"))), 400, "InvalidTurn"),
    "too many messages": (
        orjson.dumps(body(*["hello"] * (MOST_MESSAGES + 1), explicit="billing")),
        400,
        "InvalidTurn",
    ),
    "an empty channel": (with_value("", "systemContext", "channelId"), 400, "InvalidRequest"),
    "a channel with a line break": (with_value("we\nb", "systemContext", "channelId"), 400, "InvalidTurn"),
    "a channel with a null byte": (with_value("we\0b", "systemContext", "channelId"), 400, "InvalidTurn"),
    "a long channel": (with_value(LONG, "systemContext", "channelId"), 400, "InvalidTurn"),
    "an agent with a slash": (with_value("../billing", "inputContext", "explicitAgent"), 400, "InvalidTurn"),
    "an agent with a null byte": (with_value("b\0", "inputContext", "explicitAgent"), 400, "InvalidTurn"),
    "a long agent": (with_value("x" * 99_999, "inputContext", "explicitAgent"), 400, "InvalidTurn"),
    "too large": (b" " * LARGEST_BODY + GOOD, 413, "BodyTooLarge"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_cannot_be_read_is_refused(rig: Rig, name: str) -> None:
    content, status, code = BODIES[name]

    assert_refused(await rig.http.post(CHAT, content=content, headers=JSON), status, code)

    await assert_unharmed(rig)


@pytest.mark.parametrize(
    ("channel", "tenant", "explicit", "code"),
    [
        ("nowhere", "acme", "billing", "NoRoutingInfo"),
        ("WEB", "acme", "billing", "NoRoutingInfo"),
        ("web ", "acme", "billing", "NoRoutingInfo"),
        ("web", "nobody", "billing", "NoRoutingInfo"),
        ("' OR 1=1 --", "acme", "billing", "NoRoutingInfo"),
        ("web", "acme", "nobody", "AgentNotInRouting"),
        ("web", "acme", "BILLING", "AgentNotInRouting"),
    ],
)
async def test_what_is_not_there_is_not_found(
    rig: Rig, channel: str, tenant: str, explicit: str, code: str
) -> None:
    response = await rig.ask(channel=channel, tenant=tenant, explicit=explicit)

    assert_refused(response, 404, code)
    assert response.json()["errorCode"] == "AGENT_NOT_FOUND"
    assert rig.agents.asked == []


HEADERS: dict[str, tuple[list[tuple[bytes, bytes]], int, str]] = {
    "no turn": ([], 400, "InvalidRequest"),
    "an empty turn": ([(b"x-turn-id", b""), JSON_TYPE], 400, "InvalidTurn"),
    "two turns": ([(b"x-turn-id", b"t1"), (b"x-turn-id", b"t2")], 400, "InvalidRequest"),
    "one turn twice": ([(b"x-turn-id", b"t1"), (b"X-Turn-Id", b"t1")], 400, "InvalidRequest"),
    "a long turn": ([(b"x-turn-id", LONG.encode()), JSON_TYPE], 400, "InvalidTurn"),
    "a turn with a slash": ([(b"x-turn-id", b"a/b"), JSON_TYPE], 400, "InvalidTurn"),
    "a turn with a tab": ([(b"x-turn-id", b"a\tb"), JSON_TYPE], 400, "InvalidTurn"),
    "a turn in Latin-1": ([(b"x-turn-id", b"f\xfcr")], 400, "InvalidRequest"),
    "a turn in UTF-8": ([(b"x-turn-id", "für".encode())], 400, "InvalidRequest"),
    "two subsets": ([(b"x-turn-id", b"t1"), (b"x-subset", b"a"), (b"x-subset", b"b")], 400, "InvalidRequest"),
    "two media types": (
        [(b"x-turn-id", b"t1"), (b"content-type", b"application/json"), (b"content-type", b"text/plain")],
        400,
        "InvalidRequest",
    ),
    "no word of what it is": ([(b"x-turn-id", b"t1")], 415, "UnsupportedMediaType"),
    "plain text": ([(b"x-turn-id", b"t1"), (b"content-type", b"text/plain")], 415, "UnsupportedMediaType"),
    "a form": (
        [(b"x-turn-id", b"t1"), (b"content-type", b"multipart/form-data; boundary=x")],
        415,
        "UnsupportedMediaType",
    ),
    "no media type at all": (
        [(b"x-turn-id", b"t1"), (b"content-type", b"json")],
        415,
        "UnsupportedMediaType",
    ),
    "UTF-16": (
        [(b"x-turn-id", b"t1"), (b"content-type", b"application/json; charset=utf-16")],
        415,
        "UnsupportedMediaType",
    ),
    "an unknown charset": (
        [(b"x-turn-id", b"t1"), (b"content-type", b'application/json; v=1; charset="x"')],
        415,
        "UnsupportedMediaType",
    ),
    "compressed": (
        [(b"x-turn-id", b"t1"), JSON_TYPE, (b"content-encoding", b"gzip")],
        415,
        "UnsupportedMediaType",
    ),
}


@pytest.mark.parametrize("name", HEADERS)
async def test_headers_that_cannot_be_read_are_refused(rig: Rig, name: str) -> None:
    headers, status, code = HEADERS[name]

    assert_refused(await rig.http.post(CHAT, content=GOOD, headers=headers), status, code)

    await assert_unharmed(rig)


PATHS: dict[str, tuple[str, int, str]] = {
    "an encoded slash": ("/apis/v1/a%2Fb/chat/c1/message", 400, "InvalidTurn"),
    "a path within a name": ("/apis/v1/acme%2fchat%2fc1%2fmessage", 400, "InvalidTurn"),
    "an encoded way up": ("/apis/v1/acme/chat/..%2F..%2Fc1/message", 400, "InvalidTurn"),
    "a null byte": ("/apis/v1/acme/chat/c%00/message", 400, "InvalidTurn"),
    "a line break": ("/apis/v1/ac%0Ame/chat/c1/message", 400, "InvalidTurn"),
    "an escape": ("/apis/v1/acme/chat/%1B%5B31m/message", 400, "InvalidTurn"),
    "a mark that turns text around": ("/apis/v1/acme/chat/%E2%80%AEabc/message", 400, "InvalidTurn"),
    "no UTF-8": ("/apis/v1/acme/chat/%FF/message", 400, "InvalidTurn"),
    "a long tenant": (f"/apis/v1/{LONG}/chat/c1/message", 400, "InvalidTurn"),
    "a long conversation": (f"/apis/v1/acme/chat/{LONG}/message", 400, "InvalidTurn"),
    "no tenant": ("/apis/v1//chat/c1/message", 404, "NotFound"),
    "no conversation": ("/apis/v1/acme/chat//message", 404, "NotFound"),
    "one slash too many": ("/apis/v1/acme/chat/c1/message/", 404, "NotFound"),
    "another version": ("/apis/v2/acme/chat/c1/message", 404, "NotFound"),
    "no prefix": ("/acme/chat/c1/message", 404, "NotFound"),
}


@pytest.mark.parametrize("name", PATHS)
async def test_paths_that_lead_nowhere_are_refused(rig: Rig, name: str) -> None:
    path, status, code = PATHS[name]

    assert_refused(await rig.http.post(path, content=GOOD, headers=JSON), status, code)

    await assert_unharmed(rig)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "BREW"])
async def test_other_methods_are_not_allowed(rig: Rig, method: str) -> None:
    response = await rig.http.request(method, CHAT, headers=JSON)

    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        assert_refused(response, 405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/apis/v1/agents", 400, "InvalidRequest"),
        ("/apis/v1/agents?tenantId=acme", 400, "InvalidRequest"),
        ("/apis/v1/agents?tenantId=%00&channelId=%FF", 404, "NoRoutingInfo"),
        (f"/apis/v1/agents?tenantId={LONG}&channelId=web", 404, "NoRoutingInfo"),
        ("/apis/v1/agents/a%2Fb/web", 400, "InvalidTurn"),
        ("/apis/v1/agents/a%00b/web", 404, "NoRoutingInfo"),
        ("/apis/v1/tenants/acme/channels/%0A", 404, "NoSuchChannel"),
        (f"/apis/v1/tenants/{LONG}/channels/web", 404, "NoSuchChannel"),
        ("/apis/v1/tenants/acme/channels/%FF/routing", 404, "NoRoutingInfo"),
        ("/apis/v1/turns/%00", 404, "NoSuchTurn"),
        ("/apis/v1/turns/%ED%A0%80", 404, "NoSuchTurn"),
        ("/apis/v1/acme/chat/%FF/turns/%0A", 404, "NoSuchTurn"),
        ("/nothing", 404, "NotFound"),
        ("/", 404, "NotFound"),
    ],
)
async def test_questions_that_make_no_sense_are_refused(rig: Rig, path: str, status: int, code: str) -> None:
    assert_refused(await rig.http.get(path), status, code)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0", "\x1b[31m", "\u202e", "\ufeff", "😀" * 1000, "x" * 1_000_000, "'; DROP TABLE turns; --"],
)
async def test_any_text_can_be_said(rig: Rig, text: str) -> None:
    assert (await rig.ask(text)).is_success
    assert (await rig.ask(text, explicit=None, turn="t2")).is_success

    assert rig.heard(0) == [text]
    assert (await rig.why())["question"] == text


async def test_a_body_that_comes_in_pieces_is_refused_as_soon_as_it_is_too_large(rig: Rig) -> None:
    sent = 0

    def pieces() -> Any:
        nonlocal sent
        while sent < 100 * LARGEST_BODY:
            sent += 2**20
            yield b" " * 2**20

    chunks = pieces()
    asked = {"type": "http", "method": "POST", "path": CHAT, "raw_path": CHAT.encode(), "query_string": b""}
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(chunks), "more_body": True}

    async def send(told: Any) -> None:
        answers.append(told)

    await rig.app({**asked, "headers": [(b"x-turn-id", b"t1"), JSON_TYPE]}, receive, send)

    assert answers[0]["status"] == 413
    assert sent <= LARGEST_BODY + 2**20
