"""A Snapshot: the objects that we saw at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.core.resources import Agent, Channel, ChannelRouting


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The Agents, Channels and ChannelRoutings of one or more namespaces."""

    agents: tuple[Agent, ...] = ()
    channels: tuple[Channel, ...] = ()
    routings: tuple[ChannelRouting, ...] = ()
