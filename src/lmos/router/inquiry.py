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

LONGEST_SEEN = 2000
"""In characters. A longer message is judged by its beginning; encoders take longer the more they read."""


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
        before = " ".join(request.earlier[-1:])
        self.language = language_of(_seen(request.text), otherwise=language_of(_seen(before)))
        self._encoder = encoder
        self._heads = heads
        self._head: VectorHead | None = None
        self._judged: dict[tuple[str, frozenset[str]], Judgement] = {}

    async def head(self) -> VectorHead | None:
        """The head that knows Agents of the roster; None where there are no Capabilities."""
        if self._head is None:
            found = await self._heads.head_for(self.roster)
            self._head = found if found is not None and found.knows(self.roster.names) else None
        return self._head

    async def judged(self, text: str, among: frozenset[str] | None = None) -> Judgement | None:
        """
        What the head makes of `text`; None where there is no head.

        Args:
            text: Words of the user; LONGEST_SEEN characters of them count.
            among: The Agents that come into question, at least one that the head knows; without them, all.
        """
        head = await self.head()
        if head is None:
            return None
        text, allowed = _seen(text), self.roster.names if among is None else among
        if (text, allowed) not in self._judged:
            embedding = await self._encoder.encode(text)
            self._judged[text, allowed] = head.judge(text, embedding, allowed)
        return self._judged[text, allowed]


def _seen(text: str) -> str:
    """Its beginning as encoders can read it: half a surrogate pair is no character."""
    return text[:LONGEST_SEEN].encode(errors="replace").decode()
