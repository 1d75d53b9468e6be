"""Resolve: find the Wires of a Channel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lmos.core.resolver.match import Offer, offers, related, serves
from lmos.core.resources import RequiredCapability, Strategy
from lmos.core.versions import InvalidRange, Range

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lmos.core.resources import Agent, Channel, ProvidedCapability


@dataclass(frozen=True, slots=True)
class Wire:
    """One required Capability joined to the Agent that provides it."""

    required: RequiredCapability
    provided: ProvidedCapability
    agent: Agent


class Reason(StrEnum):
    """Why a requirement is unresolved."""

    INVALID_RANGE = "InvalidRange"
    NOT_PROVIDED = "NotProvided"
    OUT_OF_RANGE = "OutOfRange"
    INVALID_VERSION = "InvalidVersion"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A requirement that no Agent meets."""

    required: RequiredCapability
    reason: Reason


@dataclass(frozen=True, slots=True)
class Rejected:
    """A Capability that cannot be wired because its version cannot be read."""

    agent: Agent
    provided: ProvidedCapability


@dataclass(frozen=True, slots=True)
class Resolution:
    """The Wires of a Channel in the order of its requirements, what is missing, and what was rejected."""

    wires: tuple[Wire, ...]
    unresolved: tuple[Unresolved, ...] = ()
    rejected: tuple[Rejected, ...] = ()

    @property
    def is_resolved(self) -> bool:
        """Whether every requirement is wired."""
        return not self.unresolved


def serving(channel: Channel, agents: Iterable[Agent]) -> list[Agent]:
    """The Agents that may serve `channel` and provide something it requires, by name."""
    return [agent for agent in related(channel, agents) if serves(agent, channel)]


def resolve(requirements: Iterable[RequiredCapability], agents: Sequence[Agent]) -> Resolution:
    """
    Wire each requirement to one of `agents`.

    The highest version within the range wins; with MOST_SIMILAR the lowest one, as in the original. The
    first Agent wins a tie. A provided version that cannot be read is rejected alone.

    Args:
        requirements: What the Channel requires.
        agents: The Agents that may serve it, see `serving`.

    Source:
        Contract §1.4b, with what DESIGN mends.
    """
    wires: list[Wire] = []
    unresolved: list[Unresolved] = []
    rejected: dict[tuple[str, ProvidedCapability], Rejected] = {}
    for required in dict.fromkeys(requirements):
        found = list(offers(required, range_of(required), agents))
        chosen = choose(found, required.strategy)
        if chosen is not None:
            wires.append(Wire(required, chosen.provided, chosen.agent))
        else:
            unresolved.append(Unresolved(required, reason_of(required, found)))
        for offer in found:
            if offer.version is None:
                rejected[offer.agent.name, offer.provided] = Rejected(offer.agent, offer.provided)
    return Resolution(tuple(wires), tuple(unresolved), tuple(rejected.values()))


def choose(found: Iterable[Offer], strategy: Strategy) -> Offer | None:
    """The winner among the offers in range, None where there is none."""
    candidates = [
        (offer.version, offer) for offer in found if offer.version is not None and offer.is_in_range
    ]
    if not candidates:
        return None
    best = min if strategy is Strategy.MOST_SIMILAR else max
    return best(candidates, key=lambda candidate: candidate[0])[1]


def range_of(required: RequiredCapability) -> Range | None:
    """The range of a requirement, None where it cannot be read."""
    try:
        return Range.parse(required.version)
    except InvalidRange:
        return None


def reason_of(required: RequiredCapability, found: Sequence[Offer]) -> Reason:
    """Why none of the offers found was chosen."""
    if range_of(required) is None:
        return Reason.INVALID_RANGE
    if not found:
        return Reason.NOT_PROVIDED
    return (
        Reason.OUT_OF_RANGE if any(offer.version is not None for offer in found) else Reason.INVALID_VERSION
    )
