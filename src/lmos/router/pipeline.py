"""The way to a decision: the stages in their order, and what becomes of a Turn that all of them leave."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from lmos.core.errors import LmosError
from lmos.router.batching import BatchingEncoder
from lmos.router.clarify import clarifying_question
from lmos.router.decision import Passed, RouteDecision
from lmos.router.heads import HeadKeeper
from lmos.router.inquiry import Inquiry
from lmos.router.stages import AgentNotInRouting, ExplicitStage, FollowUpStage, VectorStage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.ports.cache import Cache
    from lmos.ports.clock import Clock
    from lmos.ports.models import Encoder
    from lmos.router.request import RouteRequest
    from lmos.router.roster import Roster
    from lmos.router.stages import Stage

log = structlog.get_logger()

_ALWAYS_THERE = frozenset({"explicit", "choice"})
_HASH_DIGITS = 16


class Router:
    """
    Sends each Turn to the most capable Agent of its ChannelRouting, or asks back.

    One pipeline for all: an Agent named by the caller; a message that goes on with the last one; the trained
    head; a language model, where one is configured and the head is not sure; a clarifying question. The first
    stage that is sure decides. A stage that fails is passed over; the decision says so.

    Args:
        encoder: Of users' messages and Agents' examples.
        clock: For the time that decisions take.
        cache: Keeps embeddings of examples and trained heads; nothing that users say.
        after_head: The stages behind the trained head.
    """

    def __init__(
        self,
        encoder: Encoder,
        clock: Clock,
        cache: Cache | None = None,
        after_head: Sequence[Stage] = (),
    ) -> None:
        self._encoder_name = encoder.name
        self._encoder = BatchingEncoder(encoder)
        self._clock = clock
        self._stages: tuple[Stage, ...] = (ExplicitStage(), FollowUpStage(), VectorStage(), *after_head)
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
            encoder=self._encoder_name if decision.head else "",
            input_hash=hashlib.sha256(request.text.encode(errors="surrogatepass")).hexdigest()[:_HASH_DIGITS],
            routing_version=roster.routing_version,
            seconds=self._clock.monotonic() - started,
        )

    async def aclose(self) -> None:
        """Stop training."""
        await self.heads.aclose()

    async def _through_stages(self, inquiry: Inquiry) -> RouteDecision:
        passed: list[Passed] = []
        weighed = RouteDecision(None, "clarify", "No stage has weighed it.", language=inquiry.language)
        for stage in self._stages_for(inquiry.roster):
            try:
                found = await stage.decide(inquiry, weighed)
            except AgentNotInRouting:
                raise
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one stage, the next is asked
                why = _why_failed(error)
                log.warning("stage_failed", stage=stage.name, routing=inquiry.roster.key, error=why)
                passed.append(Passed(stage.name, why, has_failed=True))
                continue
            if found is None:
                continue
            if found.agent is not None:
                return replace(found, passed=tuple(passed))
            passed.append(Passed(stage.name, found.reason))
            weighed = found
        question = clarifying_question(inquiry.roster, weighed.candidates, inquiry.language)
        return replace(weighed, stage="clarify", question=question, passed=tuple(passed))

    def _stages_for(self, roster: Roster) -> tuple[Stage, ...]:
        allowed = _ALWAYS_THERE | roster.settings.stages
        return tuple(stage for stage in self._stages if stage.name in allowed)


def _why_failed(error: Exception) -> str:
    """A message of ours says what is wrong; any other may quote the Turn."""
    return error.message if isinstance(error, LmosError) else type(error).__name__
