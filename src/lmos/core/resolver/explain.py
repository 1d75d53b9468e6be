"""Explain: why each requirement of a Channel was wired as it was, or what came nearest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.core.resolver.match import Offer, offers
from lmos.core.resolver.near_misses import NearMiss, near_misses, similar_names
from lmos.core.resolver.remedies import Remedy, remedies
from lmos.core.resolver.resolve import Reason, Wire, range_of, resolve, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources import Agent, Channel, RequiredCapability

MAX_NEAR_MISSES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What was found for one requirement.

    Either `wire` says who provides it, chosen among `candidates`; or `reason` says why nobody does, with the
    nearest misses first and the remedies that help.
    """

    required: RequiredCapability
    wire: Wire | None
    reason: Reason | None
    candidates: tuple[Offer, ...]
    near_misses: tuple[NearMiss, ...]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The findings for a Channel in the order of its requirements, and what would resolve it."""

    channel: Channel
    findings: tuple[Finding, ...]
    remedies: tuple[Remedy, ...]

    @property
    def is_resolved(self) -> bool:
        """Whether every requirement is wired."""
        return all(finding.wire for finding in self.findings)


def explain(channel: Channel, agents: Sequence[Agent]) -> Explanation:
    """
    Report on `resolve`, which alone decides.

    Args:
        channel: The Channel.
        agents: All Agents there are, whether they may serve the Channel or not.
    """
    neighbours = [agent for agent in agents if agent.namespace == channel.namespace]
    able = serving(channel, neighbours)
    resolution = resolve(channel.spec.required_capabilities, able)
    wires = {wire.required: wire for wire in resolution.wires}
    reasons = {missing.required: missing.reason for missing in resolution.unresolved}
    ways = remedies(tuple(reasons), channel, neighbours)
    findings = tuple(
        Finding(
            required,
            wires.get(required),
            reasons.get(required),
            candidates=_candidates(required, able),
            near_misses=_nearest(required, channel, neighbours) if required in reasons else (),
            remedies=tuple(way for way in ways if required in way.helps),
        )
        for required in channel.spec.required_capabilities
    )
    return Explanation(channel, findings, ways)


def _candidates(required: RequiredCapability, able: Sequence[Agent]) -> tuple[Offer, ...]:
    return tuple(offer for offer in offers(required, range_of(required), able) if offer.is_in_range)


def _nearest(required: RequiredCapability, channel: Channel, agents: Sequence[Agent]) -> tuple[NearMiss, ...]:
    missed = near_misses(required, channel, agents)[:MAX_NEAR_MISSES]
    return missed + similar_names(required, channel, agents)[: MAX_NEAR_MISSES - len(missed)]
