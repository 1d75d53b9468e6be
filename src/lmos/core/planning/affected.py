"""Which Channels a change of an Agent can affect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resolver import capability_keys, requirement_key, serves
from lmos.core.resources import ResolveStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.core.resources import Agent, Channel, RequiredCapability


def channels_affected(
    before: Agent | None, after: Agent | None, channels: Iterable[Channel]
) -> tuple[Channel, ...]:
    """
    Those of `channels` whose Plan can change when an Agent does.

    That is every Channel which requires something that the Agent provided or provides, if the Agent could or
    can serve it, or if it is not resolved: its status then names the nearest miss, which may be an Agent that
    cannot serve it.

    Args:
        before: The Agent before the change, None where it is new.
        after: The Agent after it, None where it is gone.
        channels: The Channels with the status that was last written.

    Source:
        Contract §5.2.6: the original plans every Channel of the namespace anew.
    """
    if before is not None and after is not None and _says_the_same(before, after):
        return ()
    agents = [(agent, capability_keys(agent)) for agent in (before, after) if agent is not None]
    return tuple(
        channel for channel in channels if any(_affects(agent, keys, channel) for agent, keys in agents)
    )


def _says_the_same(before: Agent, after: Agent) -> bool:
    return before.spec == after.spec and before.subset == after.subset


def _affects(agent: Agent, keys: frozenset[str], channel: Channel) -> bool:
    if agent.namespace != channel.namespace or keys.isdisjoint(map(requirement_key, _required(channel))):
        return False
    is_resolved = channel.status is not None and channel.status.resolve_status is ResolveStatus.RESOLVED
    return not is_resolved or serves(agent, channel)


def _required(channel: Channel) -> tuple[RequiredCapability, ...]:
    return channel.spec.required_capabilities
