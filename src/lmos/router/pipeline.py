"""The way to a decision: the stages in their order, and what becomes of a Turn that all of them leave."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError
from lmos.router.batching import BatchingEncoder
from lmos.router.clarify import clarifying_question
from lmos.router.decision import RouteDecision
from lmos.router.explaining import explanation_of, unweighed
from lmos.router.heads import HeadKeeper
from lmos.router.inquiry import Inquiry
from lmos.router.stages import AgentNotInRouting, ChoiceStage, ExplicitStage, FollowUpStage, VectorStage
from lmos.router.way import Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.ports.cache import Cache
    from lmos.ports.clock import Clock
    from lmos.ports.models import Encoder
    from lmos.router.decision import StageName
    from lmos.router.disambiguation import Disambiguation
    from lmos.router.explaining import Explanation
    from lmos.router.request import RouteRequest
    from lmos.router.roster import Roster
    from lmos.router.stages import Stage

log = structlog.get_logger()

_ALWAYS_THERE = frozenset({"explicit", "choice"})
_HASH_DIGITS = 16


class Router:
    """
    Sends each Turn to the most capable Agent of its ChannelRouting, or asks back.

    One pipeline for all: an Agent named by the caller; one that the user chooses of those offered; a message
    that goes on with the last one; the trained head; a language model, where one is configured and the head
    is not sure; a clarifying question. The first stage that is sure decides. Below a Channel's fast track the
    model is asked too; where it fails, the head's choice stands. A stage that fails is passed over; the
    decision says so.

    Args:
        encoder: Of users' messages and Agents' examples.
        clock: For the time that decisions take.
        cache: Keeps embeddings of examples and trained heads; nothing that users say.
        after_head: The stages behind the trained head.
        disambiguation: Words clarifying questions by a language model; without it, they are ours.
        hash_key: Of the hashes of users' messages; who does not have it cannot try out what a hash is of.
    """

    def __init__(
        self,
        encoder: Encoder,
        clock: Clock,
        cache: Cache | None = None,
        after_head: Sequence[Stage] = (),
        disambiguation: Disambiguation | None = None,
        hash_key: bytes = b"",
    ) -> None:
        self._plain_encoder = encoder
        self._encoder = BatchingEncoder(encoder)
        self._clock = clock
        at_first: tuple[Stage, ...] = (ExplicitStage(), ChoiceStage(), FollowUpStage(), VectorStage())
        self._stages = (*at_first, *after_head)
        self._disambiguation = disambiguation
        self._hash_key = hash_key
        # One at a time: each encodes some dozens of texts on cores that Turns need.
        self._explaining = asyncio.Lock()
        self.heads = HeadKeeper(encoder, cache)

    async def route(self, request: RouteRequest, roster: Roster) -> RouteDecision:
        """
        Decide for one Turn; the decision names an Agent of `roster` or none.

        Raises:
            AgentNotInRouting: The request names an Agent that is not in `roster`.
        """
        started = self._clock.monotonic()
        decision = await self._through_stages(Inquiry(request, roster, self._encoder, self.heads))
        return replace(
            decision,
            encoder=self._plain_encoder.name if decision.head else "",
            input_hash=self._hash_of(request.text),
            routing_version=roster.routing_version,
            seconds=self._clock.monotonic() - started,
        )

    async def explain(
        self, text: str, decision: RouteDecision, roster: Roster, read_with: str = ""
    ) -> Explanation:
        """
        What mattered for a decision of before, by the head as it is now; off the event loop.

        Args:
            text: The user's message.
            decision: What became of it.
            roster: The Agents of its Channel now.
            read_with: The user's message before, where the text went on with that.
        """
        head = await self.heads.head_for(roster) if decision.head else None
        if head is None or not head.knows(roster.names):
            return unweighed(decision)
        async with self._explaining:
            return await asyncio.to_thread(
                explanation_of, text, decision, head, self._plain_encoder, roster, read_with
            )

    async def aclose(self) -> None:
        """Stop training."""
        await self.heads.aclose()

    def _hash_of(self, text: str) -> str:
        return hmac.digest(self._hash_key, text.encode(errors="surrogatepass"), "sha256").hex()[:_HASH_DIGITS]

    async def _through_stages(self, inquiry: Inquiry) -> RouteDecision:
        way = Way(RouteDecision(None, "clarify", "No stage has weighed it.", language=inquiry.language))
        stages = self._stages_for(inquiry.roster)
        asks_model = any(stage.name == "llm" for stage in stages)
        fast_track = (inquiry.roster.settings.fast_track or 0.0) if asks_model else 0.0
        for stage in stages:
            try:
                found = await stage.decide(inquiry, way.weighed)
            except AgentNotInRouting:
                raise
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one stage, the next is asked
                way = way.failed(stage.name, _why_failed(stage.name, inquiry, error))
                continue
            if found is None:
                continue
            if found.agent is None:
                way = way.left(found)
            elif found.stage == "vector" and found.probability < fast_track:
                way = way.holding(found, fast_track)
            else:
                return way.decided(found)
        return way.decided(way.held) if way.held else await self._asked_back(inquiry, way)

    async def _asked_back(self, inquiry: Inquiry, way: Way) -> RouteDecision:
        """A question for the user: the model's, where there is one, or ours."""
        # After one model that did not answer, the user is not kept waiting for another.
        if self._disambiguation and inquiry.roster.agents and not way.model_has_failed:
            try:
                asked = await self._disambiguation.ask_back(inquiry, way.weighed)
            except Exception as error:  # noqa: BLE001 - our own question needs nobody
                way = way.failed("clarify", _why_failed("clarify", inquiry, error))
            else:
                return replace(
                    way.weighed,
                    stage="clarify",
                    question=asked.question,
                    passed=way.passed,
                    model=asked.model,
                    tokens=way.weighed.tokens + asked.tokens,
                )
        ours = clarifying_question(inquiry.request, inquiry.roster, way.weighed, inquiry.language)
        return replace(
            way.weighed, stage="clarify", question=ours.text, choices=ours.choices, passed=way.passed
        )

    def _stages_for(self, roster: Roster) -> tuple[Stage, ...]:
        allowed = _ALWAYS_THERE | roster.settings.stages
        return tuple(stage for stage in self._stages if stage.name in allowed)


def _why_failed(stage: StageName, inquiry: Inquiry, error: Exception) -> str:
    """Why, for the record and the log: a message of ours says what is wrong, any other may quote the Turn."""
    why = error.message if isinstance(error, LmosError) else type(error).__name__
    log.warning("stage_failed", stage=stage, routing=inquiry.roster.key, error=why)
    return why
