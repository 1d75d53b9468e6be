"""The way to a decision: explicit Agent, trained head, follow-up, clarifying question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import NotFound
from lmos.router.batching import BatchingEncoder
from lmos.router.clarify import clarifying_question
from lmos.router.decision import Candidate, RouteDecision
from lmos.router.follow_up import reads_as_follow_up
from lmos.router.heads import HeadKeeper
from lmos.router.language import language_of
from lmos.router.vector import ELSEWHERE

if TYPE_CHECKING:
    from lmos.ports.cache import Cache
    from lmos.ports.clock import Clock
    from lmos.ports.models import Encoder
    from lmos.router.language import Language
    from lmos.router.roster import Roster
    from lmos.router.vector import Judgement, VectorHead


class AgentNotInRouting(NotFound):
    """The Agent that a request names does not serve its Channel."""

    code: ClassVar[str] = "AgentNotInRouting"

    def __init__(self, agent: str, roster: Roster) -> None:
        serving = ", ".join(sorted(roster.names)) or "none"
        super().__init__(
            f"No agent found with the name {agent}", hint=f"Agents that serve this Channel: {serving}."
        )


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """
    One Turn to route.

    Attributes:
        text: The user's message.
        explicit_agent: The Agent that the caller names; no choice is made then.
        current_agent: The Agent that answered the Conversation's last Turn.
        earlier: The user's earlier messages of the Conversation, oldest first.
    """

    text: str
    explicit_agent: str = ""
    current_agent: str = ""
    earlier: tuple[str, ...] = ()


class Router:
    """
    Sends each Turn to the most capable Agent of its ChannelRouting, or asks back.

    Stages in order: an Agent named by the caller; a message that leans on the last Turn and fits its
    Agent once read together with it; the trained head; a clarifying question. The first stage that is
    sure decides.

    Args:
        encoder: Of users' messages and Agents' examples.
        clock: For the time that decisions take.
        cache: Keeps embeddings of examples and trained heads; nothing that users say.
    """

    def __init__(self, encoder: Encoder, clock: Clock, cache: Cache | None = None) -> None:
        self._encoder = BatchingEncoder(encoder)
        self._clock = clock
        self.heads = HeadKeeper(encoder, cache)

    async def route(self, request: RouteRequest, roster: Roster) -> RouteDecision:
        """
        Decide for one Turn; the decision names an Agent of `roster` or none.

        Raises:
            AgentNotInRouting: The request names an Agent that is not in `roster`.
        """
        if request.explicit_agent:
            return _explicit(request, roster)
        started = self._clock.monotonic()
        decision = await self._by_head(request, roster)
        return replace(
            decision, routing_version=roster.routing_version, seconds=self._clock.monotonic() - started
        )

    async def aclose(self) -> None:
        """Stop training."""
        await self.heads.aclose()

    async def _by_head(self, request: RouteRequest, roster: Roster) -> RouteDecision:
        language = language_of(request.text, otherwise=language_of(" ".join(request.earlier[-1:])))
        head = await self.heads.head_for(roster)
        judged = await self._judged(request.text, head, roster, language)
        if request.current_agent in roster.names and request.earlier and reads_as_follow_up(request.text):
            together = await self._judged(f"{request.earlier[-1]} {request.text}", head, roster, language)
            judged = _follow_up(request, judged, together)
        if judged.is_abstention:
            question = clarifying_question(roster, judged.candidates, language)
            return replace(judged, question=question)
        return judged

    async def _judged(
        self, text: str, head: VectorHead | None, roster: Roster, language: Language
    ) -> RouteDecision:
        if head is None or not head.knows(roster.names):
            return RouteDecision(None, "clarify", "No Agent serves this Channel.", language=language)
        judgement = head.judge(text, await self._encoder.encode(text), roster.names)
        return _by_thresholds(judgement, head, language)


def _explicit(request: RouteRequest, roster: Roster) -> RouteDecision:
    if request.explicit_agent not in roster.names:
        raise AgentNotInRouting(request.explicit_agent, roster)
    return RouteDecision(
        request.explicit_agent,
        "explicit",
        "The request names this Agent.",
        probability=1.0,
        language=language_of(request.text),
        routing_version=roster.routing_version,
    )


def _by_thresholds(judgement: Judgement, head: VectorHead, language: Language) -> RouteDecision:
    """The best Agent if the text is familiar and the Agent clearly ahead, else an abstention."""
    wanted = head.thresholds
    if judgement.familiarity < wanted.familiarity:
        agent, reason = None, "This resembles nothing that the Agents of this Channel are known to answer."
    elif judgement.agent == ELSEWHERE:
        agent, reason = None, f"It reads like {judgement.capability}, which this Channel does not offer."
    elif judgement.probability < wanted.confidence:
        agent, reason = None, "Several Agents come into question and none is clearly ahead."
    else:
        agent, reason = judgement.agent, f"It reads like the examples of {judgement.capability}."
    return RouteDecision(
        agent,
        "vector" if agent else "clarify",
        reason,
        capability=judgement.capability if agent else "",
        probability=judgement.probability,
        threshold=wanted.confidence,
        familiarity=judgement.familiarity,
        familiarity_threshold=wanted.familiarity,
        candidates=judgement.candidates,
        likeliest=Candidate(judgement.agent, judgement.capability, round(judgement.probability, 4)),
        language=language,
        head=head.fingerprint,
    )


def _follow_up(request: RouteRequest, alone: RouteDecision, together: RouteDecision) -> RouteDecision:
    """
    Stay with the current Agent when the message fits it together with the one before.

    A message that by itself points clearly to another Agent is a change of topic and goes there.
    """
    changes_topic = alone.agent not in {None, request.current_agent}
    if changes_topic or together.agent != request.current_agent:
        return alone
    reason = "It goes on with the last question, which this Agent answered."
    return replace(together, stage="follow-up", reason=reason)
