"""How far a Turn has come through the stages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from lmos.router.decision import Passed, RouteDecision

if TYPE_CHECKING:
    from lmos.router.decision import StageName


@dataclass(frozen=True, slots=True)
class Way:
    """
    What the stages so far have made of a Turn; each stage makes a new value.

    Attributes:
        weighed: What the last of them found.
        passed: Those that left it to the next.
        held: A choice that stands unless a later stage finds otherwise.
    """

    weighed: RouteDecision
    passed: tuple[Passed, ...] = ()
    held: RouteDecision | None = None

    @property
    def model_has_failed(self) -> bool:
        """Whether a language model was asked in vain, which may have taken long."""
        return any(each.stage == "llm" and each.has_failed for each in self.passed)

    def left(self, found: RouteDecision) -> Self:
        """A stage has left the Turn to the next one, and any choice before it is no more."""
        return replace(
            self, weighed=found, passed=(*self.passed, Passed(found.stage, found.reason)), held=None
        )

    def holding(self, found: RouteDecision, fast_track: float) -> Self:
        """A stage has chosen, less surely than decides at once."""
        reason = f"{found.reason} {found.probability:.0%} is less than the fast track of {fast_track:.0%}."
        return replace(self.left(replace(found, reason=reason)), held=found)

    def failed(self, stage: StageName, why: str) -> Self:
        """A stage broke."""
        return replace(self, passed=(*self.passed, Passed(stage, why, has_failed=True)))

    def decided(self, found: RouteDecision) -> RouteDecision:
        """The decision of the stage that chose an Agent."""
        return replace(found, passed=tuple(each for each in self.passed if each.stage != found.stage))
