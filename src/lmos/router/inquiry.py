"""One Turn on its way through the stages, with what they have found out about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.router.language import language_of

if TYPE_CHECKING:
    from lmos.router.batching import BatchingEncoder
    from lmos.router.heads import HeadKeeper
    from lmos.router.request import RouteRequest
    from lmos.router.roster import Roster
    from lmos.router.vector import Judgement, VectorHead


class Inquiry:
    """
    A Turn to route, and whom it may go to; each text is judged once, whichever stage asks first.

    Attributes:
        request: What is asked.
        roster: The Agents that may be chosen.
        language: Of the user's words.
    """

    def __init__(
        self, request: RouteRequest, roster: Roster, encoder: BatchingEncoder, heads: HeadKeeper
    ) -> None:
        self.request = request
        self.roster = roster
        self.language = language_of(request.text, otherwise=language_of(" ".join(request.earlier[-1:])))
        self._encoder = encoder
        self._heads = heads
        self._head: VectorHead | None = None
        self._judged: dict[str, Judgement] = {}

    async def head(self) -> VectorHead | None:
        """The head that knows Agents of the roster; None where there are no Capabilities."""
        if self._head is None:
            found = await self._heads.head_for(self.roster)
            self._head = found if found is not None and found.knows(self.roster.names) else None
        return self._head

    async def judged(self, text: str) -> Judgement | None:
        """What the head makes of `text`; None where there is no head."""
        head = await self.head()
        if head is None:
            return None
        if text not in self._judged:
            self._judged[text] = head.judge(text, await self._encoder.encode(text), self.roster.names)
        return self._judged[text]
