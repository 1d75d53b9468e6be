"""How good the router is on questions of which the right answers are known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lmos.core.conversation import USER, Message
from lmos.core.errors import InvalidInput
from lmos.core.scoring import auroc, coverage_at, expected_calibration_error, recall_at
from lmos.router.pipeline import Router
from lmos.router.request import RouteRequest
from lmos.router.training import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lmos.ports.clock import Clock
    from lmos.ports.models import Encoder
    from lmos.router.decision import RouteDecision
    from lmos.router.questions import Question
    from lmos.router.roster import Roster

FALSE_REJECTION = 0.05
ACCURACY = 0.99


class NothingToRoute(InvalidInput):
    """No Agent has a Capability that a question could be routed to."""

    code: ClassVar[str] = "NothingToRoute"

    def __init__(self) -> None:
        super().__init__(
            "There is no Agent with Capabilities.", hint="Name a folder with manifests of kind Agent."
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A question and what the router decided."""

    question: Question
    decision: RouteDecision

    @property
    def language(self) -> str:
        """As the question says, else as the router recognised it."""
        return self.question.language or self.decision.language

    @property
    def names_the_agent(self) -> bool:
        """Whether the most probable Agent is the right one, chosen or not."""
        likeliest = self.decision.likeliest
        return likeliest is not None and likeliest.agent == self.question.agent

    @property
    def names_the_capability(self) -> bool:
        """Whether the most probable Agent is the right one, by the right Capability."""
        likeliest = self.decision.likeliest
        return (
            likeliest is not None
            and self.names_the_agent
            and likeliest.capability == self.question.capability
        )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    Questions with what the router decided for each.

    Attributes:
        judged: In the order of the questions.
        train_seconds: From the Agents' manifests to the calibrated head, encoding included.
    """

    judged: tuple[Judged, ...]
    train_seconds: float

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the questions, sorted."""
        return tuple(sorted({each.language for each in self.judged}))

    def in_language(self, language: str) -> Evaluation:
        """Of the questions in that language alone."""
        return Evaluation(
            tuple(each for each in self.judged if each.language == language), self.train_seconds
        )

    @property
    def confusion(self) -> Counter[tuple[str | None, str | None]]:
        """How often a question for the first Agent went to the second; None is out of scope, asked back."""
        return Counter((each.question.agent, each.decision.agent) for each in self.judged)

    @property
    def sureness(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Of the n questions in scope: how probable the likeliest Agent is, and whether it is right."""
        inside = [each for each in self.judged if each.question.agent is not None]
        return (
            np.array([each.decision.probability for each in inside], dtype=np.float32),
            np.array([each.names_the_agent for each in inside], dtype=np.bool_),
        )

    def figures(self) -> dict[str, Any]:
        """
        Shares from 0 to 1, None where there is no question that could tell.

        `agent_accuracy`, `capability_accuracy`: the most probable Agent, and Capability, is the right one,
        of the questions in scope, of those that name a Capability. `answered`: questions in scope that
        are not asked back; `answered_accuracy`: those of them with the right Agent. `oos_recall_at_5`,
        `oos_auroc`: questions out of scope told from those in scope by their familiarity.
        `coverage_at_99`, `ece`: of the probabilities of the questions in scope.
        """
        inside = [each for each in self.judged if each.question.agent is not None]
        outside = [each for each in self.judged if each.question.agent is None]
        answered = [each for each in inside if not each.decision.is_abstention]
        named = [each for each in inside if each.question.capability]
        sure, hits = self.sureness
        known, unknown = _familiarities(inside), _familiarities(outside)
        both = bool(inside and outside)
        seconds = [each.decision.seconds for each in self.judged]
        return {
            "questions": len(inside),
            "oos_questions": len(outside),
            "agent_accuracy": _share([each.names_the_agent for each in inside]),
            "capability_accuracy": _share([each.names_the_capability for each in named]),
            "oos_recall_at_5": _rounded(recall_at(FALSE_REJECTION, known, unknown)) if both else None,
            "oos_auroc": _rounded(auroc(known, unknown)) if both else None,
            "oos_asked_back": _share([each.decision.is_abstention for each in outside]),
            "answered": _share([not each.decision.is_abstention for each in inside]),
            "answered_accuracy": _share([each.decision.agent == each.question.agent for each in answered]),
            "coverage_at_99": _rounded(coverage_at(ACCURACY, sure, hits)) if inside else None,
            "ece": _rounded(expected_calibration_error(sure, hits)) if inside else None,
            "latency_ms": {
                f"p{percent}": round(1000 * float(np.percentile(seconds, percent)), 3) for percent in (50, 99)
            },
            "train_seconds": round(self.train_seconds, 3),
        }

    def to_json(self) -> dict[str, Any]:
        """The figures of all questions, and under `per_language` those of each language."""
        each = {language: self.in_language(language).figures() for language in self.languages}
        return {**self.figures(), "per_language": each}


async def evaluate(
    roster: Roster, questions: Sequence[Question], encoder: Encoder, clock: Clock
) -> Evaluation:
    """
    Train and calibrate a head for `roster` as the runtime does, and route every question by it.

    The Agent that answered what was said before is the one that the history names, else the one to which
    the router sends it.

    Raises:
        NothingToRoute: `roster` has no Capability.
    """
    started = clock.monotonic()
    head = train(roster, encoder)
    train_seconds = clock.monotonic() - started
    if head is None:
        raise NothingToRoute
    router = Router(encoder, clock)
    router.heads.hold(roster, head)
    judged = tuple([Judged(question, await _decide(router, roster, question)) for question in questions])
    await router.aclose()
    return Evaluation(judged, train_seconds)


async def _decide(router: Router, roster: Roster, question: Question) -> RouteDecision:
    asked = RouteRequest("")
    for said in question.history:
        if said.role.casefold() == USER:
            decision = await router.route(replace(asked, text=said.content), roster)
            choices = decision.choices if decision.is_abstention else None
            asked = replace(asked, current_agent=decision.agent or asked.current_agent, choices=choices)
        if said.agent:
            asked = replace(asked, current_agent=said.agent, choices=None)
        message = Message(role=said.role.casefold(), content=said.content)
        asked = replace(asked, history=(*asked.history, message))
    return await router.route(replace(asked, text=question.text), roster)


def _familiarities(judged: Sequence[Judged]) -> NDArray[np.float32]:
    return np.array([each.decision.familiarity for each in judged], dtype=np.float32)


def _share(facts: Sequence[bool]) -> float | None:
    return _rounded(sum(facts) / len(facts)) if facts else None


def _rounded(share: float) -> float:
    return round(share, 4)
