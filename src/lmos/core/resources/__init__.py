"""
The four kinds of LMOS as frozen models, and the CRDs that describe them.

Names are imported when they are first used: who only needs `kinds` or `labels` does not load the models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmos.core.resources.agent import Agent, AgentSpec, AgentStatus, ProvidedCapability
    from lmos.core.resources.channel import (
        Channel,
        ChannelSpec,
        ChannelStatus,
        RequiredCapability,
        ResolveStatus,
        Strategy,
    )
    from lmos.core.resources.conditions import Condition, condition_of, with_condition
    from lmos.core.resources.definitions import RESOURCES, crd_files, crds, unknown_fields
    from lmos.core.resources.endpoint import Address, Endpoint, address_of
    from lmos.core.resources.kinds import Kind, Manifest, kind_of
    from lmos.core.resources.labels import subset_of
    from lmos.core.resources.metadata import ObjectMeta, OwnerReference
    from lmos.core.resources.resource import InvalidManifest, Resource
    from lmos.core.resources.rollout import ChannelRollout, ChannelRolloutSpec, ChannelRolloutStatus
    from lmos.core.resources.routing import (
        CapabilityGroup,
        ChannelRouting,
        ChannelRoutingCapability,
        ChannelRoutingSpec,
    )

__all__ = [
    "RESOURCES",
    "Address",
    "Agent",
    "AgentSpec",
    "AgentStatus",
    "CapabilityGroup",
    "Channel",
    "ChannelRollout",
    "ChannelRolloutSpec",
    "ChannelRolloutStatus",
    "ChannelRouting",
    "ChannelRoutingCapability",
    "ChannelRoutingSpec",
    "ChannelSpec",
    "ChannelStatus",
    "Condition",
    "Endpoint",
    "InvalidManifest",
    "Kind",
    "Manifest",
    "ObjectMeta",
    "OwnerReference",
    "ProvidedCapability",
    "RequiredCapability",
    "ResolveStatus",
    "Resource",
    "Strategy",
    "address_of",
    "condition_of",
    "crd_files",
    "crds",
    "kind_of",
    "subset_of",
    "unknown_fields",
    "with_condition",
]

_MODULES = {
    "agent": "Agent AgentSpec AgentStatus ProvidedCapability",
    "channel": "Channel ChannelSpec ChannelStatus RequiredCapability ResolveStatus Strategy",
    "conditions": "Condition condition_of with_condition",
    "definitions": "RESOURCES crd_files crds unknown_fields",
    "endpoint": "Address Endpoint address_of",
    "kinds": "Kind Manifest kind_of",
    "labels": "subset_of",
    "metadata": "ObjectMeta OwnerReference",
    "resource": "InvalidManifest Resource",
    "rollout": "ChannelRollout ChannelRolloutSpec ChannelRolloutStatus",
    "routing": "CapabilityGroup ChannelRouting ChannelRoutingCapability ChannelRoutingSpec",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module's own names
    """Import the module in which `name` is at home."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
