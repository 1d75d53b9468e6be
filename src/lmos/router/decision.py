"""What the router decided for a Turn, and on what grounds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from lmos.core.conversation import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable

StageName = Literal["explicit", "choice", "follow-up", "vector", "llm", "clarify"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Capability that was weighed, with its share; no Agent where the Channel does not offer it."""

    agent: str
    capability: str
    probability: float


def agent_shares(candidates: Iterable[Candidate]) -> dict[str, float]:
    """The probability of each Agent, as far as its Capabilities are among `candidates`."""
    shares: dict[str, float] = {}
    for candidate in candidates:
        shares[candidate.agent] = shares.get(candidate.agent, 0.0) + candidate.probability
    return shares


@dataclass(frozen=True, slots=True)
class Passed:
    """A stage that left the Turn to the next one: why, and whether that was because it failed."""

    stage: StageName
    reason: str
    has_failed: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.stage, self.reason, self.has_failed)


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """
    Which Agent answers a Turn, or that none fits.

    Attributes:
        agent: The chosen Agent, one of the ChannelRouting's; None when the router abstains.
        capability: The Capability that spoke for it; empty when a user named the Agent.
        stage: The stage of the pipeline that decided; `clarify` when all abstained.
        reason: Why, in a sentence for people.
        probability: That this Agent is the right one of the routing, 0 to 1; where the user chose, of those
            that were offered.
        threshold: What `probability` had to reach.
        familiarity: How much the text resembles anything the Agents know, about 0 to 1.
        familiarity_threshold: What `familiarity` had to reach.
        candidates: The most probable Capabilities, best first.
        likeliest: The most probable Agent by its most probable Capability, also where the router abstains.
        passed: The stages before it that left the Turn to the next, in their order.
        question: The clarifying question, where no Agent was chosen.
        choices: What that question offers to choose from.
        language: The language of the user's words as far as recognised: `en` or `de`.
        head: Version of the trained head; empty where none was asked.
        encoder: The encoder it weighed with.
        model: The language model that was asked; empty where none was.
        tokens: Read and written by it.
        input_hash: Of the user's message: HMAC-SHA-256 by the installation's key, the first 16 digits.
        routing_version: The ChannelRouting's resourceVersion.
        seconds: How long the decision took.
        handed_over_by: The Agents that handed the Turn on, in order, first the one that the router chose;
            `agent` is the last one, to whom they led.
    """

    agent: str | None
    stage: StageName
    reason: str
    capability: str = ""
    probability: float = 0.0
    threshold: float = 0.0
    familiarity: float = 0.0
    familiarity_threshold: float = 0.0
    candidates: tuple[Candidate, ...] = ()
    likeliest: Candidate | None = None
    passed: tuple[Passed, ...] = ()
    question: str = ""
    choices: tuple[Choice, ...] = ()
    language: str = "en"
    head: str = ""
    encoder: str = ""
    model: str = ""
    tokens: int = 0
    input_hash: str = ""
    routing_version: str = ""
    seconds: float = 0.0
    handed_over_by: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple([getattr(self, name) for name in self.__slots__])

    @property
    def is_abstention(self) -> bool:
        """Whether the user is asked back instead of an Agent."""
        return self.agent is None

    def handed_over(self, agent: str) -> Self:
        """The decision after its Agent has handed the Turn over to `agent`."""
        by = (*self.handed_over_by, *filter(None, (self.agent,)))
        # The Capability is one of the Agent that was chosen first.
        return replace(self, agent=agent, capability="", handed_over_by=by)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "passed": [asdict(passed) for passed in self.passed],
            "choices": [choice.to_json() for choice in self.choices],
            "likeliest": asdict(self.likeliest) if self.likeliest else None,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The decision that `to_json` wrote, whatever else stands beside it."""
        ours = {name: values[name] for name in cls.__slots__ if name in values}
        read = {
            "candidates": tuple(Candidate(**candidate) for candidate in values.get("candidates", ())),
            "likeliest": Candidate(**values["likeliest"]) if values.get("likeliest") else None,
            "passed": tuple(Passed(**passed) for passed in values.get("passed", ())),
            "choices": tuple(Choice.from_json(choice) for choice in values.get("choices", ())),
            "handed_over_by": tuple(values.get("handed_over_by", ())),
        }
        return cls(**ours | read)
