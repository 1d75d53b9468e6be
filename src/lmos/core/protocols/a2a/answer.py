"""What an Agent's A2A events mean for a Turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from lmos.core.conversation import PIECE, AgentResult, AgentResultType, AnonymizationEntity, message_result
from lmos.core.errors import LmosError
from lmos.core.protocols.a2a.question import EXTENSION
from lmos.core.protocols.a2a.wire import Event, spoken
from lmos.core.protocols.agent_api import ResultInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.conversation import Message
    from lmos.core.protocols.a2a.wire import ArtifactUpdate, Part, Said, Status, Task

_ANSWERED = frozenset({"TASK_STATE_COMPLETED", "TASK_STATE_INPUT_REQUIRED"})
_UNFINISHED = {
    "TASK_STATE_FAILED": "It failed the task",
    "TASK_STATE_REJECTED": "It rejected the task",
    "TASK_STATE_CANCELED": "It cancelled the task",
    "TASK_STATE_AUTH_REQUIRED": "It wants credentials for the task",
}
_ENTITIES = TypeAdapter(tuple[AnonymizationEntity, ...])
_NEW_LINE = "\n"


class TaskUnfinished(LmosError):
    """An Agent gave a task up without a word for the user."""

    code: ClassVar[str] = "TaskUnfinished"
    http_status: ClassVar[int] = 502


class AnswerReader:
    """
    Makes results of one Turn's events.

    A Message is the answer. A Task is one by its artifacts, a message each, and by what the Agent says as it
    ends or asks back; until then what it says are remarks, and what it adds to artifacts are pieces of the
    answer. Where it gives up, its last words are an ERROR.

    Args:
        turn: Id of the Turn, as it stands on the messages.

    Attributes:
        task_id: The Task that the Agent made of the Turn; empty while it is none.
        is_over: Whether the answer was read; events that follow do not belong to it.

    Source:
        A2A 1.0 §3.1.2, §4.1 and §4.2.
    """

    def __init__(self, turn: str | None) -> None:
        self._turn = turn
        self._artifacts: dict[str, tuple[Part, ...]] = {}
        self._metadata: dict[str, Any] = {}
        self._wrote_to: set[str] = set()
        self.task_id = ""
        self.is_over = False

    def hear(self, event: Mapping[str, Any]) -> tuple[AgentResult, ...]:
        """
        The results that the JSON of a `StreamResponse` comes to; often none.

        Raises:
            ResultInvalid: It is none.
            TaskUnfinished: The Agent gave up and says nothing to the user.
        """
        try:
            heard = Event.model_validate(event)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
            raise ResultInvalid(f"The Agent's event breaks A2A's schema at {places[:200]}.") from error
        if heard.message is not None:
            return self._answer(AgentResultType.MESSAGE, heard.message)
        if heard.task is not None:
            return self._task(heard.task)
        if heard.status_update is not None:
            self.task_id = heard.status_update.task_id
            self._note(heard.status_update.metadata)
            return self._status(heard.status_update.status)
        if heard.artifact_update is not None:
            return self._artifact(heard.artifact_update)
        raise ResultInvalid("The Agent sent an event that says nothing.")

    def _task(self, task: Task) -> tuple[AgentResult, ...]:
        self.task_id = task.id
        self._note(task.metadata)
        for artifact in task.artifacts:
            self._note(artifact.metadata)
            self._artifacts[artifact.artifact_id] = artifact.parts
        return self._status(task.status)

    def _artifact(self, update: ArtifactUpdate) -> tuple[AgentResult, ...]:
        self.task_id = update.task_id
        artifact, id_ = update.artifact, update.artifact.artifact_id
        self._note(update.metadata)
        self._note(artifact.metadata)
        known = self._artifacts.get(id_, ()) if update.append else ()
        self._artifacts[id_] = (*known, *artifact.parts)
        text = spoken(artifact.parts, between="", turn=self._turn).content
        if not text:
            return ()
        # As the answer has it: each artifact on a line of its own.
        begins_a_line = bool(self._wrote_to) and id_ not in self._wrote_to
        self._wrote_to.add(id_)
        return (self._on_the_way(f"{_NEW_LINE}{text}" if begins_a_line else text, is_piece=True),)

    def _status(self, status: Status) -> tuple[AgentResult, ...]:
        if status.state in _ANSWERED:
            return self._answer(AgentResultType.MESSAGE, status.message)
        if status.state in _UNFINISHED:
            if status.message is None or not self._message(status.message).content:
                self.is_over = True
                raise TaskUnfinished(f"{_UNFINISHED[status.state]}.", hint="Its own log says why.")
            return self._answer(AgentResultType.ERROR, status.message)
        text = self._message(status.message).content if status.message is not None else ""
        return (self._on_the_way(text),) if text else ()

    def _answer(self, type_: AgentResultType, last_words: Said | None) -> tuple[AgentResult, ...]:
        messages = [spoken(parts, between="", turn=self._turn) for parts in self._artifacts.values()]
        if last_words is not None:
            self._note(last_words.metadata)
            said = self._message(last_words)
            # Many Agents end with the words that they have just given as the result.
            if said not in messages and (said.content or said.binary_data):
                messages.append(said)
        self.is_over = True
        to = self._metadata.get("handOverTo")
        answer = AgentResult(
            type=type_,
            messages=tuple(messages),
            status=f"AGENT_HANDOVER[{to}]" if isinstance(to, str) and to else None,
            anonymization_entities=self._entities(),
        )
        return (answer,)

    def _on_the_way(self, text: str, *, is_piece: bool = False) -> AgentResult:
        kind = AgentResultType.INTERMEDIATE_MESSAGE
        return message_result(text, type_=kind, turn=self._turn, context=(PIECE,) if is_piece else None)

    def _message(self, said: Said) -> Message:
        return spoken(said.parts, between=_NEW_LINE, turn=self._turn)

    def _note(self, metadata: Mapping[str, Any]) -> None:
        """What the Agent says beyond A2A; the latest counts."""
        said = metadata.get(EXTENSION)
        if isinstance(said, dict):
            self._metadata |= said

    def _entities(self) -> tuple[AnonymizationEntity, ...] | None:
        said = self._metadata.get("anonymizationEntities")
        if said is None:
            return None
        try:
            return _ENTITIES.validate_python(said)
        except ValidationError as error:
            raise ResultInvalid(f"{EXTENSION} holds anonymizationEntities that are none.") from error
