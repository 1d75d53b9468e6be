"""How good the router is on questions with known answers."""

import pytest

from lmos.router import Roster
from lmos.router.evaluation import Evaluation, NothingToRoute, evaluate
from lmos.router.questions import Question
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER


async def evaluated(*questions: Question) -> Evaluation:
    return await evaluate(ROSTER, questions, WordEncoder(), FrozenClock())


def asks(text: str, agent: str | None, **more: object) -> Question:
    return Question.model_validate({"text": text, "agent": agent, **more})


async def test_the_right_agent_is_counted_also_where_the_user_is_asked_back() -> None:
    evaluation = await evaluated(
        asks("why is my bill so high", "billing", capability="view-bill"),
        asks("my internet is broken", "network"),
        asks("my bill", "network"),
    )
    figures = evaluation.figures()

    assert figures["agent_accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["capability_accuracy"] == 1.0
    assert figures["questions"] == 3


async def test_without_questions_out_of_scope_nothing_is_said_of_them() -> None:
    figures = (await evaluated(asks("why is my bill so high", "billing"))).figures()

    assert (figures["oos_recall_at_5"], figures["oos_auroc"], figures["capability_accuracy"]) == (None,) * 3


async def test_with_questions_out_of_scope_alone_nothing_is_said_of_the_others() -> None:
    figures = (await evaluated(asks("what should I cook tonight", None))).figures()

    assert (figures["agent_accuracy"], figures["answered"], figures["ece"]) == (None,) * 3
    assert figures["oos_asked_back"] == 1.0


async def test_questions_out_of_scope_are_told_by_their_familiarity() -> None:
    figures = (
        await evaluated(
            asks("why is my bill so high", "billing"), asks("welches Gericht soll ich heute kochen", None)
        )
    ).figures()

    assert (figures["oos_recall_at_5"], figures["oos_auroc"]) == (1.0, 1.0)


async def test_every_language_has_the_same_figures() -> None:
    told = (
        await evaluated(
            asks("why is my bill so high", "billing", language="en"),
            asks("warum ist meine Rechnung so hoch", "billing"),
        )
    ).to_json()

    assert set(told["per_language"]) == {"de", "en"}
    assert set(told["per_language"]["de"]) == set(told) - {"per_language"}
    assert told["per_language"]["en"]["agent_accuracy"] == 1.0


async def test_a_follow_up_is_read_with_the_question_before_it() -> None:
    before = {"role": "user", "content": "why is my bill so high"}
    evaluation = await evaluated(asks("and this month?", "billing", history=[before]))
    (judged,) = evaluation.judged

    assert (judged.decision.agent, judged.decision.stage) == ("billing", "follow-up")


async def test_the_history_may_name_who_answered() -> None:
    before = [{"content": "my bill"}, {"role": "assistant", "content": "42", "agent": "network"}]
    evaluation = await evaluated(asks("and the bill?", "billing", history=before))

    assert evaluation.judged[0].decision.agent == "network"


async def test_confusion_counts_what_was_asked_back_as_none() -> None:
    evaluation = await evaluated(
        asks("why is my bill so high", "billing"),
        asks("what is on my bill", "network"),
        asks("welches Gericht soll ich heute kochen", None),
    )

    assert evaluation.confusion == {("billing", "billing"): 1, ("network", "billing"): 1, (None, None): 1}


async def test_agents_without_capabilities_cannot_be_evaluated() -> None:
    with pytest.raises(NothingToRoute):
        await evaluate(Roster("none", ()), [asks("a", None)], WordEncoder(), FrozenClock())
