from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from lmos.arc import Agent, Turn
from lmos.arc.errors import ExtraMissing, InvalidAgent
from lmos.arc.testing import ask
from lmos.core.conversation import Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Parrot:
    """A runner without a model."""

    async def run(self, prompt: str, turn: Turn) -> AsyncIterator[str]:
        yield prompt
        yield turn.text


async def test_a_model_answers_what_no_function_does() -> None:
    agent = Agent("parrot", model=Parrot(), prompt="Repeat: ")

    reply = await ask(agent, "hello", streaming=True)

    assert reply.pieces == ("Repeat: ", "hello")
    assert reply.text == "Repeat: hello"


async def test_a_function_of_a_capability_goes_before_the_model() -> None:
    agent = Agent("parrot", model=Parrot())
    agent.capability("greet", examples=["hello there"])(lambda _turn: "hi")

    assert (await ask(agent, "hello there")).text == "hi"
    assert (await ask(agent, "something else", conversation="another")).text == "something else"


def test_a_model_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lmos.arc.pydantic_ai", raising=False)
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)

    with pytest.raises(ExtraMissing) as caught:
        Agent("writer", model="openai:gpt-5")

    assert caught.value.hint == "pip install 'lmos[llm]'"


async def test_a_pydantic_ai_model_sees_the_prompt_and_the_history() -> None:
    pytest.importorskip("pydantic_ai", reason="needs lmos[llm]")
    from pydantic_ai.messages import ModelMessage, ModelRequest  # noqa: PLC0415 - optional
    from pydantic_ai.models.function import AgentInfo, FunctionModel  # noqa: PLC0415 - optional

    from lmos.arc.pydantic_ai import PydanticAiRunner  # noqa: PLC0415 - optional

    async def model(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        last = messages[-1]
        yield str(last.instructions if isinstance(last, ModelRequest) else "")
        yield " | "
        yield ", ".join(str(getattr(part, "content", "")) for said in messages for part in said.parts)

    agent = Agent("writer", model=PydanticAiRunner(FunctionModel(stream_function=model)), prompt="Be brief.")
    history = [
        Message(role="system", content="night"),
        Message(role="user", content="hi"),
        Message(role="assistant", content="hello"),
    ]

    assert (await ask(agent, "and?", history=history)).text == "Be brief. | night, hi, hello, and?"


async def test_the_test_model_of_pydantic_ai_answers() -> None:
    pytest.importorskip("pydantic_ai", reason="needs lmos[llm]")
    from pydantic_ai.models.test import TestModel  # noqa: PLC0415 - optional

    from lmos.arc.pydantic_ai import PydanticAiRunner  # noqa: PLC0415 - optional

    agent = Agent("writer", model=PydanticAiRunner(TestModel(custom_output_text="fine")), prompt="Be brief.")

    assert (await ask(agent, "how are you?")).text == "fine"


def test_a_model_that_does_not_exist_is_refused_by_name() -> None:
    pytest.importorskip("pydantic_ai", reason="needs lmos[llm]")

    with pytest.raises((InvalidAgent, ExtraMissing), match="nobody:nothing"):
        Agent("writer", model="nobody:nothing")
