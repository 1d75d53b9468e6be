"""Remedies: the smallest set of changes that would resolve a Channel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations
from typing import TYPE_CHECKING

from lmos.core.resolver.match import Mismatch, Offer, mismatches, offers
from lmos.core.resolver.near_misses import similar_names
from lmos.core.resolver.resolve import range_of, serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lmos.core.resources import Agent, Channel, RequiredCapability

MAX_OPENED = 8
"""So many Agents that do not serve the Channel yet are weighed against each other, the nearest ones."""


class Action(StrEnum):
    """What can be done, the least intrusive first: it decides between sets of the same size."""

    CORRECT_VERSION = "CorrectVersion"
    CORRECT_RANGE = "CorrectRange"
    ADMIT_VERSION = "AdmitVersion"
    RENAME = "Rename"
    ADD_TENANT = "AddTenant"
    ADD_CHANNEL = "AddChannel"
    ADD_TO_SUBSET = "AddToSubset"
    LABEL_CHANNEL = "LabelChannel"
    INSTALL = "Install"


@dataclass(frozen=True, slots=True)
class Remedy:
    """
    One change.

    `agent` is the Agent to change or to turn to, empty where there is none; `value` is what the change is
    about: a Tenant, a Channel, a Subset, a version, a name; `helps` are the requirements it helps.
    """

    action: Action
    agent: str
    value: str
    helps: tuple[RequiredCapability, ...]


_RANK = {action: rank for rank, action in enumerate(Action)}
_OPENING = {
    Mismatch.TENANT: Action.ADD_TENANT,
    Mismatch.CHANNEL: Action.ADD_CHANNEL,
    Mismatch.SUBSET: Action.ADD_TO_SUBSET,
}


def remedies(
    unresolved: Sequence[RequiredCapability], channel: Channel, agents: Sequence[Agent]
) -> tuple[Remedy, ...]:
    """
    The smallest set of changes after which `unresolved` would be wired.

    Every requirement can be helped alone, by a change of the Channel or by a new Agent; opening an Agent to
    the Channel can help several at once. All combinations of the eight nearest such Agents are weighed;
    between sets of one size the order of `Action` decides.

    Args:
        unresolved: The requirements of `channel` that are not met.
        channel: The Channel.
        agents: Agents of its namespace.
    """
    if not unresolved:
        return ()
    if not (channel.channel and channel.tenant):
        return (Remedy(Action.LABEL_CHANNEL, "", "", tuple(unresolved)),)
    able = serving(channel, agents)
    alone = {required: _alone(required, channel, able, agents) for required in unresolved}
    closed = _closed_but_useful(unresolved, channel, agents)
    return min((_opening(opened, alone, channel) for opened in _subsets(closed)), key=_cost)


@dataclass(frozen=True, slots=True)
class _Closed:
    """An Agent that may not serve the Channel, with the requirements that it would meet if it did."""

    agent: Agent
    keeps_out: tuple[Mismatch, ...]
    meets: tuple[RequiredCapability, ...]


def _closed_but_useful(
    unresolved: Sequence[RequiredCapability], channel: Channel, agents: Sequence[Agent]
) -> list[_Closed]:
    met: dict[str, list[RequiredCapability]] = {}
    for required in unresolved:
        found = offers(required, range_of(required), agents)
        for name in {offer.agent.name for offer in found if offer.is_in_range}:
            met.setdefault(name, []).append(required)
    # Opening an Agent pays where it takes no more changes than helping each requirement alone.
    closed = [
        _Closed(agent, keeps_out, tuple(met[agent.name]))
        for agent in agents
        if agent.name in met and 0 < len(keeps_out := mismatches(agent, channel)) <= len(met[agent.name])
    ]
    closed.sort(key=lambda one: (len(one.keeps_out) - len(one.meets), one.agent.name))
    return closed[:MAX_OPENED]


def _subsets(closed: Sequence[_Closed]) -> Iterable[tuple[_Closed, ...]]:
    return chain.from_iterable(combinations(closed, size) for size in range(len(closed) + 1))


def _opening(
    opened: Sequence[_Closed],
    alone: dict[RequiredCapability, tuple[Remedy, ...]],
    channel: Channel,
) -> tuple[Remedy, ...]:
    met = {required for one in opened for required in one.meets}
    openings = [
        Remedy(_OPENING[mismatch], one.agent.name, _asked(mismatch, channel), one.meets)
        for one in opened
        for mismatch in one.keeps_out
    ]
    others = [remedy for required, ways in alone.items() if required not in met for remedy in ways]
    return (*openings, *others)


def _asked(mismatch: Mismatch, channel: Channel) -> str:
    match mismatch:
        case Mismatch.TENANT:
            return channel.tenant
        case Mismatch.CHANNEL:
            return channel.channel
        case Mismatch.SUBSET:
            return channel.subset


def _cost(changes: tuple[Remedy, ...]) -> tuple[int, int]:
    return len(changes), sum(_RANK[remedy.action] for remedy in changes)


def _alone(
    required: RequiredCapability, channel: Channel, able: Sequence[Agent], agents: Sequence[Agent]
) -> tuple[Remedy, ...]:
    """The cheapest changes for one requirement, without opening an Agent."""
    within = range_of(required)
    found = list(offers(required, within, able))
    readable = [(offer.version, offer) for offer in found if offer.version is not None]
    if within is None:
        correct = Remedy(Action.CORRECT_RANGE, "", required.version, (required,))
        return (correct,) if readable else (correct, _install(required))
    unreadable = next((offer for offer in found if offer.version is None), None)
    if unreadable is not None:
        return (_about(Action.CORRECT_VERSION, unreadable, required),)
    if readable:
        _, highest = max(readable, key=lambda one: one[0])
        return (_about(Action.ADMIT_VERSION, highest, required),)
    similar = similar_names(required, channel, agents)
    if similar:
        name = similar[0].provided.name if required.name else similar[0].provided.id
        return (Remedy(Action.RENAME, similar[0].agent.name, name, (required,)),)
    return (_install(required),)


def _about(action: Action, offer: Offer, required: RequiredCapability) -> Remedy:
    return Remedy(action, offer.agent.name, offer.provided.version, (required,))


def _install(required: RequiredCapability) -> Remedy:
    is_readable = range_of(required) is not None
    return Remedy(Action.INSTALL, "", str(required) if is_readable else required.name, (required,))
