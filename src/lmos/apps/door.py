"""A client of the runtime's HTTP door, for the command line and the demo."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import quote

import httpx2
import orjson

from lmos.adapters.system import RandomIds
from lmos.core.errors import InvalidInput, LmosError, NotFound, TemporaryError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_TURN_SECONDS = 120.0
_LAST_EVENTS = frozenset({"turn.finished", "error"})
_PAUSES_SECONDS = (0.1, 0.3, 1.0, 2.0, 4.0)
"""Before each try to take up a lost line again."""


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
        return f"{self._conversation_path}/message"

    @property
    def turn_path(self) -> str:
        """Where its Turn is."""
        return f"{self._conversation_path}/turns/{_segment(self.turn)}"

    @property
    def _conversation_path(self) -> str:
        return f"/apis/v1/{_segment(self.tenant)}/chat/{_segment(self.conversation)}"

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
    """One server-sent event of a Turn; `number` is its id."""

    number: int
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
        await self.aclose()

    async def aclose(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def ask(self, question: Question) -> str:
        """The final answer. Raises `TurnRefused` and `RuntimeUnavailable`."""
        answer = await self._call("POST", question.path, body=question.body(), turn=question.turn)
        return str(answer["content"])

    async def stream(self, question: Question) -> AsyncGenerator[StreamEvent, None]:
        """
        The events of a Turn as they come; a lost line is taken up again where it broke off.

        Raises:
            RuntimeUnavailable: There is no line, or no other one after several tries.
            TurnRefused, TurnNotAnswered, NotFound: The Turn was refused, or is not there any more.
        """
        heard, tries = 0, 0
        while True:
            try:
                async with aclosing(self._events(question, heard)) as events:
                    async for event in events:
                        heard, tries = event.number, 0
                        yield event
                        if event.name in _LAST_EVENTS:
                            return
                raise httpx2.RemoteProtocolError("The stream ended before the Turn did.")
            except (httpx2.RequestError, httpx2.InvalidURL) as error:
                if not heard or tries == len(_PAUSES_SECONDS):
                    raise self._unavailable(error) from error
                await asyncio.sleep(_PAUSES_SECONDS[tries])
                tries += 1

    async def _events(self, question: Question, after: int) -> AsyncGenerator[StreamEvent, None]:
        """The events behind number `after` that one line brings."""
        if after:
            headers = {"last-event-id": str(after)}
            line = self._client.stream("GET", f"{question.turn_path}/events", headers=headers)
        else:
            headers = {"x-turn-id": question.turn, "accept": "text/event-stream"}
            line = self._client.stream("POST", question.path, json=question.body(), headers=headers)
        async with line as response:
            if response.is_error:
                raise _refusal(response.status_code, await response.aread())
            frame: dict[str, str] = {}
            async for text in response.aiter_lines():
                name, _, value = text.partition(": ")
                frame[name] = value
                if not text and "data" in frame:
                    yield StreamEvent(int(frame["id"]), frame["event"], orjson.loads(frame["data"]))
                    frame = {}

    async def cancel(self, question: Question) -> None:
        """Stop a Turn that is under way. Raises `TurnRefused` if it is over, `NotFound` if it never was."""
        await self._call("DELETE", question.turn_path)

    async def agents(self, tenant: str, channel: str) -> list[dict[str, Any]]:
        """The Agents of a Channel. Raises `NotFound` where nothing serves it."""
        path = f"/apis/v1/agents?tenantId={_segment(tenant)}&channelId={_segment(channel)}"
        agents: list[dict[str, Any]] = (await self._call("GET", path))["agents"]
        return agents

    async def turn(self, turn: str) -> dict[str, Any]:
        """The record of a Turn with its decision. Raises `NotFound`."""
        return await self._call("GET", f"/apis/v1/turns/{_segment(turn)}")

    async def explanation(self, turn: str) -> dict[str, Any]:
        """Which words and examples mattered for where a Turn went. Raises `NotFound`."""
        return await self._call("GET", f"/apis/v1/turns/{_segment(turn)}/explanation")

    async def _call(self, method: str, path: str, *, body: Any = None, turn: str = "") -> dict[str, Any]:  # noqa: ANN401 - JSON
        headers = {"x-turn-id": turn} if turn else {}
        try:
            response = await self._client.request(method, path, json=body, headers=headers)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise self._unavailable(error) from error
        if response.is_error:
            raise _refusal(response.status_code, response.content)
        answer: dict[str, Any] = orjson.loads(response.content or b"{}")
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
