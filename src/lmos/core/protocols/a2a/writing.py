"""A Turn as an A2A Task: as a whole, and event by event."""

from __future__ import annotations

from typing import Any

from lmos.core.protocols.a2a.question import EXTENSION

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
        self, state: str, text: str | None = None, told: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        The Task as it stands.

        Args:
            state: One of the states above.
            text: The answer of a completed one; what a failed one says.
            told: What goes under the extension.
        """
        task: dict[str, Any] = {
            "id": self._id,
            "contextId": self._context,
            "status": self._status(state, text),
        }
        if state == COMPLETED and text is not None:
            task["artifacts"] = [_artifact(text)]
        return {"task": task | _metadata(told)}

    def piece(self, text: str) -> dict[str, Any]:
        """A piece of the answer."""
        is_first = not self._streamed
        self._streamed.append(text)
        return self._update(text, append=not is_first, is_last=False)

    def remark(self, text: str) -> dict[str, Any]:
        """Something that the Agent says on the way."""
        self._remarks += 1
        return {"statusUpdate": self._ids() | {"status": self._status(WORKING, text)}}

    def start_again(self) -> None:
        """What was streamed is no part of the answer: the next piece replaces it."""
        self._streamed.clear()

    def ended(
        self, state: str, text: str | None = None, told: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], ...]:
        """The last events, as `whole` says."""
        end = {"statusUpdate": self._ids() | {"status": self._status(state, text)} | _metadata(told)}
        if state != COMPLETED or text is None or "".join(self._streamed) == text:
            return (end,)
        return self._update(text, append=False, is_last=True), end

    def _update(self, text: str, *, append: bool, is_last: bool) -> dict[str, Any]:
        chunk = {"artifact": _artifact(text), "append": append, "lastChunk": is_last}
        return {"artifactUpdate": self._ids() | chunk}

    def _ids(self) -> dict[str, Any]:
        return {"taskId": self._id, "contextId": self._context}

    def _status(self, state: str, text: str | None) -> dict[str, Any]:
        if text is None or state == COMPLETED:
            return {"state": state}
        message = {
            "messageId": f"{self._turn}-{self._remarks}",
            "role": "ROLE_AGENT",
            "parts": [{"text": text}],
        }
        return {"state": state, "message": self._ids() | message}


def _artifact(text: str) -> dict[str, Any]:
    return {"artifactId": _ARTIFACT, "parts": [{"text": text, "mediaType": "text/plain"}]}


def _metadata(told: dict[str, Any] | None) -> dict[str, Any]:
    return {"metadata": {EXTENSION: told}} if told else {}
