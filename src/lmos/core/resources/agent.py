"""The Agent: a service that provides Capabilities."""

from typing import Annotated, ClassVar

from pydantic import Field

from lmos.core.resources.conditions import Conditions
from lmos.core.resources.endpoint import Endpoint
from lmos.core.resources.kinds import AGENT, Kind
from lmos.core.resources.model import Model, OneLine, OrderedSet
from lmos.core.resources.resource import Resource


class ProvidedCapability(Model):
    """A Capability at the version at which an Agent provides it."""

    id: Annotated[OneLine, Field(description="The id of the Capability.")] = ""
    name: Annotated[OneLine, Field(description="The name by which Channels require it.")]
    version: Annotated[OneLine, Field(description="A semantic version such as 1.2.0.")]
    description: Annotated[str, Field(description="What it does, for people and routers.")] = ""
    examples: Annotated[
        tuple[str, ...], Field(description="What users say when they want it; routers learn from these.")
    ] = ()


class AgentSpec(Model):
    """What an Agent can do, and for whom."""

    id: Annotated[OneLine, Field(description="The id of the Agent.")] = ""
    description: Annotated[str, Field(description="What the Agent does, for people and routers.")] = ""
    supported_tenants: Annotated[
        OrderedSet[OneLine], Field(description="The Tenants it serves; empty means every Tenant.")
    ] = ()
    supported_channels: Annotated[
        OrderedSet[OneLine], Field(description="The Channels it serves; empty means none.")
    ] = ()
    provided_capabilities: Annotated[
        OrderedSet[ProvidedCapability], Field(description="The Capabilities it provides.")
    ] = ()
    endpoint: Annotated[
        Endpoint | None,
        Field(description="Where it answers; <name>.<namespace>.svc.cluster.local:8080 if absent."),
    ] = None


class AgentStatus(Model):
    """What LMOS found out about an Agent."""

    conditions: Annotated[Conditions, Field(description="Accepted, Discovered and Ready.")] = ()
    observed_generation: Annotated[
        int | None, Field(description="The generation that the status is about.", ge=0)
    ] = None


class Agent(Resource):
    """A service that provides Capabilities."""

    KIND: ClassVar[Kind] = AGENT

    spec: AgentSpec = AgentSpec()
    status: AgentStatus | None = None
