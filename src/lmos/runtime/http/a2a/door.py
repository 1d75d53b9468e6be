"""A Channel as an A2A agent: its card, and JSON-RPC for Messages and Tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lmos.core.errors import InvalidInput, LmosError
from lmos.core.protocols.a2a import (
    CallRefused,
    TaskWriter,
    answer_to,
    call_in,
    refusal_of,
    sending_in,
    task_in,
    turn_in,
)
from lmos.core.protocols.a2a.calls import (
    INTERNAL,
    INVALID_PARAMETERS,
    NO_SUCH_METHOD,
    NO_SUCH_TASK,
    TASK_IS_OVER,
    UNSUPPORTED,
    VERSION_UNSUPPORTED,
)
from lmos.runtime.failure import Failure
from lmos.runtime.http.a2a.asking import Asking
from lmos.runtime.http.a2a.tasks import events_of, failed_task, task_of, task_under_way
from lmos.runtime.http.errors import bug, failure_response, on_http_error
from lmos.runtime.http.events import event_stream
from lmos.runtime.http.requests import (
    BodyTooLarge,
    UnsupportedMediaType,
    headers_in,
    json_in,
)
from lmos.runtime.running import Failed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from lmos.core.protocols.a2a import Call
    from lmos.ports.store import ConversationStore
    from lmos.runtime.running import RunningTurn, TurnEvent
    from lmos.runtime.taking import TakesTurns

A2A_PATH = "/a2a/{tenant}/{channel}"

_READ = {
    name.encode(): name
    for name in ("x-subset", "authorization", "content-type", "content-encoding", "a2a-version")
}


class A2aDoor:
    """
    `POST /a2a/{tenant}/{channel}`, as an ASGI app.

    A Message is a Turn of its `messageId` in the Conversation of its `contextId`, and the Turn is a Task.

    Source:
        A2A 1.0 §3.1 and §9.
    """

    def __init__(self, turns: TakesTurns, store: ConversationStore) -> None:
        self._turns = turns
        self._store = store
        self._methods: dict[str, Callable[[Asking], Awaitable[Response]]] = {
            "SendMessage": self._send,
            "SendStreamingMessage": self._stream,
            "GetTask": self._get,
            "CancelTask": self._cancel,
            "SubscribeToTask": self._subscribe,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; what is no call at all is refused by HTTP, the rest as JSON-RPC does."""
        try:
            response = await self._response(scope, receive)
        except (BodyTooLarge, UnsupportedMediaType) as error:
            response = failure_response(Failure.of(error))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] != "POST":
            return await on_http_error(Request(scope), HTTPException(405, headers={"allow": "POST"}))
        call: Call | None = None
        try:
            headers = headers_in(scope, _READ)
            call = call_in(await json_in(receive, headers))
            asking = Asking(call, scope, headers)
            return await self._method(asking)(asking)
        except (BodyTooLarge, UnsupportedMediaType, ClientDisconnect):
            raise
        except LmosError as error:
            return _refusal(call, Failure.of(error), _number_of(error))
        except Exception as error:  # noqa: BLE001 - logged there, and told to nobody else
            return _refusal(call, bug(error), INTERNAL)

    def _method(self, asking: Asking) -> Callable[[Asking], Awaitable[Response]]:
        version = asking.headers.get("a2a-version") or "1.0"
        if version.partition(".")[0] != "1":
            message = f"A2A {version[:20]} is not spoken here."
            raise CallRefused(VERSION_UNSUPPORTED, message, hint="Send A2A-Version: 1.0.")
        method = self._methods.get(asking.call.method)
        if method is None:
            message = f"There is no method {asking.call.method[:80]!r}."
            raise CallRefused(NO_SUCH_METHOD, message, hint=f"Methods: {', '.join(self._methods)}.")
        return method

    async def _send(self, asking: Asking) -> Response:
        asked = asking.asked()
        running = self._turns.take(asked)
        if sending_in(asking.call).configuration.return_immediately and not running.is_over:
            return asking.answer(task_under_way(asked.conversation, asked.turn))
        outcome = await running.outcome()
        if isinstance(outcome, Failed):
            return asking.answer(failed_task(asked.conversation, asked.turn, outcome.failure))
        return asking.answer(await self._task(asking.tenant, asked.conversation, asked.turn))

    async def _stream(self, asking: Asking) -> Response:
        asked = asking.asked()
        return _events(asking, self._turns.take(asked), asked.conversation, asked.turn)

    async def _get(self, asking: Asking) -> Response:
        conversation, turn = _turn_of(asking)
        return asking.answer(await self._task(asking.tenant, conversation, turn), is_task=True)

    async def _cancel(self, asking: Asking) -> Response:
        conversation, turn = _turn_of(asking)
        was_under_way = await self._turns.cancel(asking.tenant, conversation, turn)
        task = await self._task(asking.tenant, conversation, turn)
        if not was_under_way:
            message = f"Task {task_in(asking.call)[:80]!r} is over."
            raise CallRefused(TASK_IS_OVER, message, hint="GetTask says how it ended.")
        return asking.answer(task, is_task=True)

    async def _subscribe(self, asking: Asking) -> Response:
        conversation, turn = _turn_of(asking)
        running = await self._turns.under_way(asking.tenant, conversation, turn)
        if running is None:
            await self._task(asking.tenant, conversation, turn)
            message = f"Task {task_in(asking.call)[:80]!r} is over."
            raise CallRefused(UNSUPPORTED, message, hint="GetTask says how it ended.")
        return _events(asking, running, conversation, turn)

    async def _task(self, tenant: str, conversation: str, turn: str) -> dict[str, Any]:
        """A Turn as it stands."""
        running = await self._turns.under_way(tenant, conversation, turn)
        if running and not running.is_over:
            return task_under_way(conversation, turn)
        record = await self._store.find(turn, (tenant, conversation))
        if record is None:
            raise _no_task(f"{conversation}/{turn}")
        return task_of(record)


def _events(asking: Asking, running: RunningTurn, conversation: str, turn: str) -> Response:
    writer = TaskWriter(conversation, turn)
    begins = True

    def write(_number: int, event: TurnEvent) -> bytes:
        nonlocal begins
        told = events_of(event, writer)
        if begins:
            begins = False
            told = (task_under_way(conversation, turn), *told)
        return b"".join(b"data: %s\n\n" % orjson.dumps(answer_to(asking.call.id, each)) for each in told)

    return event_stream(running.listen(), {}, write=write)


def _turn_of(asking: Asking) -> tuple[str, str]:
    id_ = task_in(asking.call)
    found = turn_in(id_)
    if found is None:
        raise _no_task(id_)
    return found


def _no_task(id_: str) -> CallRefused:
    return CallRefused(
        NO_SUCH_TASK, f"There is no Task {id_[:80]!r}.", hint="The answer to a Message names it."
    )


def _refusal(call: Call | None, failure: Failure, number: int) -> Response:
    told = (failure.code, failure.message, failure.hint)
    body = refusal_of(call.id if call else None, number, told)
    return Response(orjson.dumps(body), media_type="application/json")


def _number_of(error: LmosError) -> int:
    if isinstance(error, CallRefused):
        return error.rpc_code
    return INVALID_PARAMETERS if isinstance(error, InvalidInput) else INTERNAL
