"""The labelled questions and dialogues under benchmarks/dialogues."""

from collections import Counter
from pathlib import Path

import pytest

from lmos.apps.manifests import read_manifests
from lmos.core.resources import Agent
from lmos.router import Roster
from lmos.router.questions import Question, read_questions

FOLDER = Path(__file__).parents[2] / "benchmarks" / "dialogues"
MANIFESTS = {"en": "agents.yaml", "de": "agents.de.yaml"}
EXAMPLES = 10


def roster(language: str) -> Roster:
    found, unreadable = read_manifests([FOLDER / MANIFESTS[language]])
    assert not unreadable
    return Roster.of_agents("dialogues", [Agent.from_manifest(sourced.manifest) for sourced in found])


def read(file: str, language: str) -> tuple[Question, ...]:
    with (FOLDER / file).open("rb") as lines:
        return read_questions(lines, roster(language), source=file)


def openings(language: str, split: str) -> list[str]:
    """What each dialogue of a split begins with."""
    dialogues = read(f"dialogues.{language}.{split}.jsonl", language)
    return [dialogue.history[0].content for dialogue in dialogues]


def examples(language: str) -> list[str]:
    return [
        example for agent in roster(language).agents for can in agent.capabilities for example in can.examples
    ]


def twice(texts: list[str]) -> list[str]:
    """The texts that stand there more than once, whatever their case and their last mark."""
    alike = Counter(text.casefold().rstrip(" .?!") for text in texts)
    return [text for text, count in alike.items() if count > 1]


def test_both_languages_have_the_same_agents_and_capabilities_with_ten_examples_each() -> None:
    english, german = (
        {
            (agent.name, can.name): len(can.examples)
            for agent in roster(language).agents
            for can in agent.capabilities
        }
        for language in ("en", "de")
    )

    assert english == german
    assert set(english.values()) == {EXAMPLES}
    assert (len({agent for agent, _ in english}), len(english)) == (8, 24)


@pytest.mark.parametrize(("language", "inside", "outside"), [("de", 270, 50), ("en", 100, 25)])
def test_every_capability_is_asked_for_and_some_questions_are_out_of_scope(
    language: str, inside: int, outside: int
) -> None:
    questions = read(f"questions.{language}.jsonl", language)
    known = [(question.agent, question.capability) for question in questions if question.agent]

    assert len(known) >= inside
    assert len(questions) - len(known) >= outside
    assert set(known) == {
        (agent.name, can.name) for agent in roster(language).agents for can in agent.capabilities
    }
    assert {question.language for question in questions} == {language}


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_that_is_measured_is_among_the_examples_or_in_another_split(language: str) -> None:
    questions = [question.text for question in read(f"questions.{language}.jsonl", language)]

    assert not twice(
        [*examples(language), *questions, *openings(language, "tuning"), *openings(language, "test")]
    )


@pytest.mark.parametrize(("split", "count"), [("test", 60), ("tuning", 25)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_dialogues_are_of_all_kinds_and_name_the_right_agent_of_every_turn(
    language: str, split: str, count: int
) -> None:
    lines = read(f"dialogues.{language}.{split}.jsonl", language)

    assert len(lines) >= count
    for dialogue in lines:
        asked = [said for said in dialogue.history if said.role == "user"]
        assert 1 <= len(asked) <= 4
        assert all(said.agent for said in asked)
        assert [said.role for said in dialogue.history] == ["user", "assistant"] * len(asked)


@pytest.mark.parametrize("split", ["test", "tuning"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_dialogues_speak_of_every_agent(language: str, split: str) -> None:
    lines = read(f"dialogues.{language}.{split}.jsonl", language)
    said = {said.agent for dialogue in lines for said in dialogue.history if said.agent}

    assert said | {dialogue.agent for dialogue in lines if dialogue.agent} == roster(language).names
