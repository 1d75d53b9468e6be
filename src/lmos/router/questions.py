"""Questions of which somebody has said who should answer them: one JSON object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lmos.core.errors import InvalidInput
from lmos.core.resources.resource import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lmos.router.roster import Roster

_NAMES_SHOWN = 10


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class EarlierMessage(_Line):
    """A message before the question; `agent` is who answered, where that is known."""

    role: str = "user"
    content: str
    agent: str = ""


def _message(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the line
    return {"content": value} if isinstance(value, str) else value


class Question(_Line):
    """
    A question and its right answer.

    Attributes:
        text: The user's message.
        agent: Who should answer it; None where no Agent can.
        capability: By which Capability; empty where that is not said.
        language: Such as `en`; empty where that is not said.
        history: What was said before, oldest first; a plain text is a message of the user.
    """

    text: str
    agent: Annotated[str, Field(min_length=1)] | None
    capability: Annotated[str, BeforeValidator(lambda value: value or "")] = ""
    language: Annotated[str, BeforeValidator(lambda value: value or "")] = ""
    history: Annotated[
        tuple[Annotated[EarlierMessage, BeforeValidator(_message)], ...],
        BeforeValidator(lambda value: value or ()),
    ] = ()


class UnusableQuestion(InvalidInput):
    """A line of a file of questions cannot be read, or names an Agent or Capability that is not there."""

    code: ClassVar[str] = "UnusableQuestion"

    def __init__(self, source: str, line: int, problem: str, *, hint: str) -> None:
        self.line = line
        super().__init__(f"{source}, line {line}: {problem}.", hint=hint)


class NoQuestions(InvalidInput):
    """A file of questions holds none."""

    code: ClassVar[str] = "NoQuestions"

    def __init__(self, source: str) -> None:
        super().__init__(
            f"{source} holds no question.",
            hint='Write a JSON object a line, such as {"text": "how much is my bill", "agent": "billing"}.',
        )


def read_questions(lines: Iterable[bytes], roster: Roster, *, source: str) -> tuple[Question, ...]:
    """
    The questions of a file, all of them about the Agents of `roster`; empty lines are passed over.

    Args:
        lines: Each one JSON object in UTF-8, with the fields of `Question`.
        roster: The Agents among which the right one must be.
        source: The file's name, for messages.

    Raises:
        UnusableQuestion: A line is no such object, or names an Agent or Capability that `roster` has not.
        NoQuestions: There is none.
    """
    questions = tuple(_questions(lines, roster, source))
    if not questions:
        raise NoQuestions(source)
    return questions


def _questions(lines: Iterable[bytes], roster: Roster, source: str) -> Iterator[Question]:
    capabilities = {agent.name: {can.name for can in agent.capabilities} for agent in roster.agents}
    for number, line in enumerate(lines, start=1):
        written = line.removeprefix(b"\xef\xbb\xbf").strip()
        if not written:
            continue
        try:
            question = Question.model_validate_json(written)
        except ValidationError as error:
            raise UnusableQuestion(
                source,
                number,
                "; ".join(field.removeprefix("(whole): ") for field in fields_of(error)),
                hint="A line is a JSON object with `text` and `agent`, which is null for out of scope.",
            ) from error
        for name in (question.agent, *(said.agent for said in question.history)):
            if name and name not in capabilities:
                raise UnusableQuestion(
                    source, number, f"there is no Agent {name!r}", hint=f"Agents are {_listed(capabilities)}."
                )
        provided = capabilities.get(question.agent or "", set())
        if question.capability and question.agent and question.capability not in provided:
            raise UnusableQuestion(
                source,
                number,
                f"Agent {question.agent!r} provides no Capability {question.capability!r}",
                hint=f"It provides {_listed(provided)}.",
            )
        yield question


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMES_SHOWN} more" if len(ordered) > _NAMES_SHOWN else ""
    return (", ".join(ordered[:_NAMES_SHOWN]) or "none") + more
