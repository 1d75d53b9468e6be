"""The four kinds of LMOS as frozen models, and the CRDs that describe them."""

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
from lmos.core.resources.crds import RESOURCES, crd_files, crds, unknown_fields
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
