"""The ChannelRouting: the published result of resolving a Channel."""

from typing import Annotated, ClassVar

from pydantic import Field

from lmos.core.resources.conditions import Conditions
from lmos.core.resources.endpoint import Endpoint
from lmos.core.resources.kinds import CHANNEL_ROUTING, Kind
from lmos.core.resources.labels import CHANNEL, TENANT
from lmos.core.resources.model import Model, OrderedSet
from lmos.core.resources.resource import Resource


class ChannelRoutingCapability(Model):
    """A required Capability and who provides it."""

    id: Annotated[str, Field(description="The id of the provided Capability.")] = ""
    name: Annotated[str, Field(description="The name of the provided Capability.")]
    required_version: Annotated[str, Field(description="The range that the Channel requires.")]
    provided_version: Annotated[str, Field(description="The version that the Agent provides.")]
    description: Annotated[str, Field(description="What the Capability does.")] = ""
    host: Annotated[str, Field(description="Where the Agent answers by the original's rule, without port.")]
    endpoint: Annotated[
        Endpoint | None, Field(description="Where the Agent says that it answers; wins over host.")
    ] = None


class CapabilityGroup(Model):
    """An Agent and those of its Capabilities that the Channel requires."""

    id: Annotated[str, Field(description="The id of the Agent.")] = ""
    name: Annotated[str, Field(description="The name of the Agent resource.")]
    description: Annotated[str, Field(description="What the Agent does.")] = ""
    capabilities: Annotated[
        OrderedSet[ChannelRoutingCapability], Field(description="The Capabilities wired to this Agent.")
    ]


class ChannelRoutingSpec(Model):
    """The Wires of a Channel, grouped by Agent."""

    capability_groups: Annotated[
        OrderedSet[CapabilityGroup], Field(description="One group an Agent; empty when nothing is wired.")
    ] = ()


class ChannelRoutingStatus(Model):
    """What LMOS says about a ChannelRouting."""

    conditions: Annotated[Conditions, Field(description="Statements about the routing.")] = ()
    observed_generation: Annotated[
        int | None, Field(description="The generation that the status is about.", ge=0)
    ] = None


class ChannelRouting(Resource):
    """Which Agents serve a Channel; of the same name as the Channel, and deleted with it."""

    KIND: ClassVar[Kind] = CHANNEL_ROUTING

    spec: ChannelRoutingSpec = ChannelRoutingSpec()
    status: ChannelRoutingStatus | None = None

    @property
    def tenant(self) -> str:
        """The label `tenant`, empty where it is absent."""
        return self.metadata.labels.get(TENANT, "")

    @property
    def channel(self) -> str:
        """The label `channel`, empty where it is absent."""
        return self.metadata.labels.get(CHANNEL, "")
