"""The Agent that the user chooses among those that a clarifying question offered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.router.choosing import Offer, reading_of
from lmos.router.decision import Candidate, RouteDecision
from lmos.router.follow_up import is_plain_answer, names_no_topic
from lmos.router.stages.vector import by_thresholds

if TYPE_CHECKING:
    from lmos.core.conversation import Choice
    from lmos.router.decision import StageName
    from lmos.router.inquiry import Inquiry


class ChoiceStage:
    """
    Takes the Agent that a reply means, by its position, its words, or else by the trained head.

    A reply that clearly asks for something else is no choice and left to the stages behind.
    """

    name: StageName = "choice"

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision | None:  # noqa: ARG002 - of Stage
        """The chosen Agent; none, and why, where the reply turns the offer down."""
        offered = inquiry.request.choices
        if not offered:
            return None
        find = inquiry.roster.capability
        offers = [Offer.of(choice, find(choice.agent, choice.capability)) for choice in offered]
        reading = reading_of(inquiry.request.text, offers)
        if reading is None:
            return await self._judged(inquiry, offered)
        if reading.choice is None:
            return RouteDecision(None, self.name, reading.reason, language=inquiry.language)
        if await self._asks_anew(inquiry):
            return None
        return self._chosen(inquiry, reading.choice, reading.reason)

    async def _asks_anew(self, inquiry: Inquiry) -> bool:
        """Whether the reply is a question of its own, whatever words it shares with what was offered."""
        text = inquiry.request.text
        if is_plain_answer(text):
            return False
        head, alone = await inquiry.head(), await inquiry.judged(text)
        return bool(head and alone and by_thresholds(alone, head, inquiry, self.name).agent)

    def _chosen(self, inquiry: Inquiry, choice: Choice, reason: str) -> RouteDecision:
        if choice.agent not in inquiry.roster.names:
            gone = f"{reason} Its Agent serves this Channel no longer."
            return RouteDecision(None, self.name, gone, language=inquiry.language)
        is_provided = inquiry.roster.capability(choice.agent, choice.capability) is not None
        capability = choice.capability if is_provided else ""
        return RouteDecision(
            choice.agent,
            self.name,
            reason,
            capability=capability,
            probability=1.0,
            likeliest=Candidate(choice.agent, capability, 1.0),
            language=inquiry.language,
        )

    async def _judged(self, inquiry: Inquiry, offered: tuple[Choice, ...]) -> RouteDecision | None:
        """
        Among the offered Agents, what the head makes of the reply and of the question together with it.

        Both must point to the same one, and one of them surely.
        """
        text = inquiry.request.text
        if not is_plain_answer(text) or names_no_topic(text):
            return None
        head, alone = await inquiry.head(), await inquiry.judged(text)
        if head is None or alone is None or alone.familiarity < head.thresholds.familiarity:
            return None
        among = frozenset(choice.agent for choice in offered) & inquiry.roster.names
        if not head.knows(among) or by_thresholds(alone, head, inquiry, self.name).agent not in {
            None,
            *among,
        }:
            return None
        reply = await inquiry.judged(text, among)
        together = await inquiry.judged(" ".join((*inquiry.request.earlier[-1:], text)), among)
        if reply is None or together is None or reply.agent != together.agent:
            return None
        read = (by_thresholds(each, head, inquiry, self.name) for each in (reply, together))
        sure = next((each for each in read if each.agent), None)
        return sure and replace(sure, reason=f"The user chose what reads like {sure.capability}.")
