"""An Agent that hands a Turn over to another one: whom to ask next, and when to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lmos.core.conversation.result import AgentResult

MOST_HANDOVERS = 3
"""How often one Turn may be handed over."""


class HandOverFailed(LmosError):
    """An Agent handed a Turn over to one that cannot be asked for it."""

    code: ClassVar[str] = "HandOverFailed"
    http_status: ClassVar[int] = 502


def hand_over(result: AgentResult, asked: Sequence[str], offered: Collection[str]) -> str | None:
    """
    The Agent to whom a result hands the Turn over.

    An Agent is asked once in a Turn: it would see the same messages again, and say the same.

    Args:
        result: The last Agent's final result.
        asked: The Agents that were asked so far, in order.
        offered: The Agents of the ChannelRouting.

    Returns:
        Its name; None where the result answers the Turn.

    Raises:
        HandOverFailed: It is no Agent of the ChannelRouting, was asked already, or would be one too many.

    Source:
        Contract of ARC, "Handover"; its limit is 20, and it hands back what it cannot follow.
    """
    to = result.handed_to
    if to is None:
        return None
    told = f"Agent {asked[-1]} handed the Turn over to {to[:80]!r}"
    if to not in offered:
        raise HandOverFailed(
            f"{told}, which is no Agent of this Channel.",
            hint=f"Agents of this Channel: {', '.join(sorted(offered))}.",
        )
    if to in asked:
        raise HandOverFailed(
            f"{told}, which was asked already: {' → '.join(asked)}.",
            hint="Have one of them answer; a Turn does not go in circles.",
        )
    if len(asked) > MOST_HANDOVERS:
        raise HandOverFailed(
            f"{told}, one more than {MOST_HANDOVERS} Agents on: {' → '.join(asked)}.",
            hint="Have Agents hand over to the one that answers.",
        )
    return to
