"""How the Turns of one Channel are routed, where that is not as everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from lmos.core.errors import InvalidInput
from lmos.core.resources.labels import ROUTER_SETTINGS
from lmos.core.resources.resource import fields_of
from lmos.core.scoring import Goal

if TYPE_CHECKING:
    from collections.abc import Mapping

Share = Annotated[float, Field(ge=0, le=1)]
Choosable = Literal["follow-up", "vector", "llm"]


class InvalidRouterSettings(InvalidInput):
    """The settings of a Channel's router cannot be used."""

    code: ClassVar[str] = "InvalidRouterSettings"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"The annotation {ROUTER_SETTINGS} cannot be used: {problem}.",
            hint='Write a YAML mapping, such as "precision: 0.98", with keys of docs/reference/settings.md.',
        )


class RouterSettings(BaseModel):
    """
    What a Channel may say about its router.

    Attributes:
        precision: Share of answered questions that must reach the right Agent.
        false_rejection: Share of questions for its Agents that may be turned away as unfamiliar.
        let_through: Share of questions out of scope that may be answered all the same; where it is said, it
            decides what is familiar enough, and `false_rejection` bounds it no longer.
        fast_track: Probability from which the trained head decides although a language model is there to
            ask; the calibrated threshold where it is not said.
        model_confidence: How sure a language model must be.
        stages: The stages that may decide; an Agent named by the caller and the clarifying question are
            always there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    precision: Share = 0.98
    false_rejection: Share = 0.05
    let_through: Share | None = None
    fast_track: Share | None = None
    model_confidence: Share = 0.5
    stages: frozenset[Choosable] = frozenset({"follow-up", "vector", "llm"})

    @property
    def goal(self) -> Goal:
        """What thresholds are calibrated for."""
        return Goal(self.precision, self.false_rejection, self.let_through)

    @classmethod
    def of(cls, annotations: Mapping[str, str]) -> RouterSettings:
        """
        The settings among the annotations of a Channel; without any, the defaults.

        Raises:
            InvalidRouterSettings: They are no mapping, or hold a key or a value that means nothing.
        """
        return cls.parse(annotations[ROUTER_SETTINGS]) if ROUTER_SETTINGS in annotations else cls()

    @classmethod
    def parse(cls, written: str) -> RouterSettings:
        """
        The settings that `written` says.

        Raises:
            InvalidRouterSettings: It is no mapping, or holds a key or a value that means nothing.
        """
        try:
            told: Any = yaml.safe_load(written)
            return cls.model_validate(told or {})
        except yaml.YAMLError as error:
            raise InvalidRouterSettings("it is no YAML") from error
        except ValidationError as error:
            raise InvalidRouterSettings("; ".join(fields_of(error))) from error
