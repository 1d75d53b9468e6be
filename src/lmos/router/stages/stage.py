"""What every stage of the pipeline can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lmos.router.decision import RouteDecision, StageName
    from lmos.router.inquiry import Inquiry


class Stage(Protocol):
    """One way to a decision."""

    @property
    def name(self) -> StageName:
        """What it is called in decisions, settings and metrics."""
        ...

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision | None:
        """
        The decision for a Turn; one without an Agent, which says why, leaves it to the next stage.

        It may fail with any exception; the next stage is asked then.

        Args:
            inquiry: The Turn.
            weighed: What the stages before have made of it: candidates best first, where there are any.

        Returns:
            None where the Turn is not of the kind that this stage is for.
        """
        ...
