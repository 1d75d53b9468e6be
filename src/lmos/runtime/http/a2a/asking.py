"""One call of an A2A client: the Turn that it asks for, and how it is answered."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from lmos.core.protocols.a2a import answer_to, conversation_of, sending_in
from lmos.runtime.asked import Asked
from lmos.runtime.http.requests import caller_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

    from lmos.core.protocols.a2a import Call
    from lmos.core.protocols.a2a.calls import Sent

_END = b"\0"


class Asking:
    """One call on its way."""

    def __init__(self, call: Call, scope: Scope, headers: Mapping[str, str]) -> None:
        self.call = call
        self.headers = headers
        self.tenant: str = scope["path_params"]["tenant"]
        self._scope = scope

    def asked(self) -> Asked:
        """
        The Turn that a Message asks for.

        Raises:
            CallRefused, InvalidTurn: It cannot be taken.
        """
        sent = sending_in(self.call).message
        return Asked(
            tenant=self.tenant,
            conversation=sent.context_id or self._own_conversation(sent),
            turn=sent.message_id,
            body=conversation_of(sent, self._scope["path_params"]["channel"]),
            subset=self.headers.get("x-subset", ""),
            caller=caller_in(self._scope["headers"]),
        )

    def answer(self, task: dict[str, Any], *, is_task: bool = False) -> Response:
        """The Task as the result; some methods answer with it, others with an object that holds it."""
        body = answer_to(self.call.id, task["task"] if is_task else task)
        return Response(orjson.dumps(body), media_type="application/json")

    def _own_conversation(self, sent: Sent) -> str:
        """Another one for every credential and Message, and the same when the Message is sent again."""
        told = (self.headers.get("authorization", "").encode(), sent.model_dump_json().encode())
        return f"a2a-{hashlib.blake2b(_END.join(told), digest_size=16).hexdigest()}"
