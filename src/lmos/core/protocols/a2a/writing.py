"""A Turn as an A2A Task: as a whole, and event by event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmos.core.conversation import ASSISTANT, Message
from lmos.core.protocols.a2a.question import EXTENSION
from lmos.core.protocols.a2a.wire import parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKING = "TASK_STATE_WORKING"
COMPLETED = "TASK_STATE_COMPLETED"
FAILED = "TASK_STATE_FAILED"
CANCELED = "TASK_STATE_CANCELED"

_ARTIFACT = "answer"


def task_id(conversation: str, turn: str) -> str:
    """The Task that a Turn is; neither name holds a slash."""
    return f"{conversation}/{turn}"


def turn_in(id_: str) -> tuple[str, str] | None:
    """Conversation and Turn of a Task; None where it is none of ours."""
    conversation, slash, turn = id_.partition("/")
    return (conversation, turn) if slash else None


class TaskWriter:
    """
    Writes one Turn.

    Args:
        conversation: Its Conversation, which is the `contextId`.
        turn: Its id.
    """

    def __init__(self, conversation: str, turn: str) -> None:
        self._context = conversation
        self._turn = turn
        self._id = task_id(conversation, turn)
        self._remarks = 0
        self._streamed: list[str] = []

    def whole(
        self, state: str, said: Sequence[Message] = (), told: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        The Task as it stands.

        Args:
            state: One of the states above.
            said: The answer of a completed one, an artifact each; what a failed one says.
            told: What goes under the extension.
        """
        task: dict[str, Any] = {
            "id": self._id,
            "contextId": self._context,
            "status": self._status(state, said),
        }
        if state == COMPLETED:
            task["artifacts"] = _artifacts(said)
        return {"task": task | _metadata(told)}

    def piece(self, text: str) -> dict[str, Any]:
        """A piece of the answer."""
        is_first = not self._streamed
        self._streamed.append(text)
        return self._update(_artifact(text), append=not is_first, is_last=False)

    def remark(self, said: Sequence[Message]) -> dict[str, Any]:
        """Something that the Agent says on the way."""
        self._remarks += 1
        return {"statusUpdate": self._ids() | {"status": self._status(WORKING, said)}}

    def start_again(self) -> None:
        """What was streamed is no part of the answer: the next piece replaces it."""
        self._streamed.clear()

    def ended(
        self, state: str, said: Sequence[Message], told: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], ...]:
        """The last events, as `whole` says; what was streamed as it is in the end is not repeated."""
        end = {"statusUpdate": self._ids() | {"status": self._status(state, said)} | _metadata(told)}
        if state != COMPLETED:
            return (end,)
        streamed = _artifact("".join(self._streamed))
        unheard = (artifact for artifact in _artifacts(said) if artifact != streamed)
        return (*(self._update(artifact, append=False, is_last=True) for artifact in unheard), end)

    def _update(self, artifact: dict[str, Any], *, append: bool, is_last: bool) -> dict[str, Any]:
        chunk = {"artifact": artifact, "append": append, "lastChunk": is_last}
        return {"artifactUpdate": self._ids() | chunk}

    def _ids(self) -> dict[str, Any]:
        return {"taskId": self._id, "contextId": self._context}

    def _status(self, state: str, said: Sequence[Message]) -> dict[str, Any]:
        if not said or state == COMPLETED:
            return {"state": state}
        message = {
            "messageId": f"{self._turn}-{self._remarks}",
            "role": "ROLE_AGENT",
            "parts": [part for each in said for part in parts_of(each)],
        }
        return {"state": state, "message": self._ids() | message}


def _artifact(text: str) -> dict[str, Any]:
    """An answer of one message without files, or a piece of it."""
    (artifact,) = _artifacts([Message(role=ASSISTANT, content=text)])
    return artifact


def _artifacts(said: Sequence[Message]) -> list[dict[str, Any]]:
    """A message each; the first is the one that is streamed."""
    return [
        {"artifactId": f"{_ARTIFACT}-{number}" if number > 1 else _ARTIFACT, "parts": parts_of(message)}
        for number, message in enumerate(said, start=1)
    ]


def _metadata(told: dict[str, Any] | None) -> dict[str, Any]:
    return {"metadata": {EXTENSION: told}} if told else {}
