"""A Turn's answer: of the Agent that was chosen, or of the one to whom it is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lmos.core.conversation import (
    AgentResultType,
    AssistantMessage,
    assistant_message,
    hand_over,
)
from lmos.runtime.asking import answer_of
from lmos.runtime.records import handed_over
from lmos.runtime.running import HandedOver

if TYPE_CHECKING:
    from lmos.core.conversation import AgentResult
    from lmos.ports.agents import AgentClient
    from lmos.ports.store import ConversationState
    from lmos.router import RouteDecision
    from lmos.runtime.asked import Asked
    from lmos.runtime.routing_table import Route
    from lmos.runtime.running import OwnTurn

REPORTED = "AgentReportedError"
"""The code of a Turn that the Agent answered with words of regret instead of what was asked."""


class Answer(NamedTuple):
    """What answers a Turn, the decision that led to it, and the code of an error that it stands for."""

    message: AssistantMessage
    decision: RouteDecision
    error: str | None = None


async def answer_to(
    asked: Asked,
    state: ConversationState | None,
    route: Route,
    decision: RouteDecision,
    agents: AgentClient,
    running: OwnTurn,
) -> Answer:
    """
    The clarifying question, or the answer of the Agent that was chosen or to whom it led.

    Raises:
        AgentUnavailable, AgentFailed, AgentTimeout: An Agent gave no answer.
        HandOverFailed: An Agent handed the Turn over to one that cannot be asked for it.
    """
    while decision.agent is not None:
        result = await answer_of(
            decision.agent,
            route.addresses[decision.agent],
            asked.to_ask(state, decision),
            agents,
            subset=route.subset,
            watch=running.watch,
            tell=running.tell,
        )
        to = hand_over(result, (*decision.handed_over_by, decision.agent), route.addresses)
        if to is None:
            return Answer(assistant_message(result), decision, _reported(result))
        running.tell(HandedOver(asked.turn, decision.agent, to))
        decision = decision.handed_over(to)
        running.record = handed_over(running.record, decision)
    return Answer(AssistantMessage(content=decision.question), decision)


def _reported(result: AgentResult) -> str | None:
    """An Agent's ERROR carries words for the user, so it answers the Turn; the record shows what it is."""
    return REPORTED if result.type is AgentResultType.ERROR else None
