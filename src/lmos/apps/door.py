"""A client of the runtime's HTTP door, for the command line and the demo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import quote

import httpx2
import orjson

from lmos.adapters.system import RandomIds
from lmos.core.errors import InvalidInput, LmosError, NotFound, TemporaryError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_TURN_SECONDS = 120.0


def new_id() -> str:
    """An id for a Conversation or a Turn that nobody has used."""
    return RandomIds().new()


class RuntimeUnavailable(TemporaryError):
    """The runtime does not answer."""

    code: ClassVar[str] = "RuntimeUnavailable"


class TurnRefused(InvalidInput):
    """The runtime refused a Turn; the message is its own."""

    code: ClassVar[str] = "TurnRefused"


class TurnNotAnswered(LmosError):
    """The runtime took a Turn and failed at it; the message is its own."""

    code: ClassVar[str] = "TurnNotAnswered"


@dataclass(frozen=True, slots=True)
class Question:
    """One message of a user: where it goes, and as part of which Conversation."""

    tenant: str
    channel: str
    conversation: str
    turn: str
    text: str
    agent: str = ""

    @property
    def path(self) -> str:
        """Where it is posted."""
        return f"/apis/v1/{_segment(self.tenant)}/chat/{_segment(self.conversation)}/message"

    def body(self) -> dict[str, Any]:
        """The request of the original's REST door."""
        context: dict[str, Any] = {"messages": [{"role": "user", "content": self.text, "format": "text"}]}
        if self.agent:
            context["explicitAgent"] = self.agent
        return {
            "inputContext": context,
            "systemContext": {"channelId": self.channel},
            "userContext": {"userId": "lmos-cli"},
        }


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event of a Turn."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)


class RuntimeDoor:
    """Asks the runtime at `url`, reads back what it decided."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx2.AsyncClient(
            base_url=url, timeout=httpx2.Timeout(_TURN_SECONDS), trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._client.aclose()

    async def ask(self, question: Question) -> str:
        """The final answer. Raises `TurnRefused` and `RuntimeUnavailable`."""
        answer = await self._call("POST", question.path, body=question.body(), turn=question.turn)
        return str(answer["content"])

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """The events of a Turn as they come."""
        headers = {"x-turn-id": question.turn, "accept": "text/event-stream"}
        try:
            async with self._client.stream(
                "POST", question.path, json=question.body(), headers=headers
            ) as response:
                if response.is_error:
                    raise _refusal(response.status_code, await response.aread())
                name = "message"
                async for line in response.aiter_lines():
                    field_name, _, value = line.partition(": ")
                    if field_name == "event":
                        name = value
                    elif field_name == "data":
                        yield StreamEvent(name, orjson.loads(value))
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise self._unavailable(error) from error

    async def turn(self, turn: str) -> dict[str, Any]:
        """The record of a Turn with its decision. Raises `NotFound`."""
        return await self._call("GET", f"/apis/v1/turns/{_segment(turn)}")

    async def _call(self, method: str, path: str, *, body: Any = None, turn: str = "") -> dict[str, Any]:  # noqa: ANN401 - JSON
        headers = {"x-turn-id": turn} if turn else {}
        try:
            response = await self._client.request(method, path, json=body, headers=headers)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise self._unavailable(error) from error
        if response.is_error:
            raise _refusal(response.status_code, response.content)
        answer: dict[str, Any] = orjson.loads(response.content)
        return answer

    def _unavailable(self, error: Exception) -> RuntimeUnavailable:
        return RuntimeUnavailable(
            f"The runtime at {self.url} does not answer ({type(error).__name__}).",
            hint="Is it running? Start it with `lmos up` or `lmos runtime`.",
        )


def _refusal(status_code: int, body: bytes) -> LmosError:
    """The runtime's error body, in either of its shapes, as an error of ours."""
    try:
        said = orjson.loads(body)
        message = str(said.get("message") or said.get("detail") or said.get("error"))
        hint = str(said.get("hint", ""))
    except (ValueError, AttributeError):
        message, hint = f"The runtime answered with status {status_code}.", ""
    if status_code == httpx2.codes.NOT_FOUND:
        return NotFound(message, hint=hint)
    if status_code == httpx2.codes.SERVICE_UNAVAILABLE:
        return TemporaryError(message, hint=hint)
    failed = httpx2.codes.is_server_error(status_code)
    return TurnNotAnswered(message, hint=hint) if failed else TurnRefused(message, hint=hint)


def _segment(text: str) -> str:
    return quote(text, safe="")
