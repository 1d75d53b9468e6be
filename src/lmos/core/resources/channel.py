"""The Channel: a door to users, with the Capabilities that it requires."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from lmos.core.resources.conditions import Conditions
from lmos.core.resources.kinds import CHANNEL, Kind
from lmos.core.resources.labels import CHANNEL as CHANNEL_LABEL
from lmos.core.resources.labels import TENANT
from lmos.core.resources.model import Model, OneLine, OrderedSet, rule
from lmos.core.resources.resource import Resource

NAME_OR_ID = "a requirement needs a name or an id"


class Strategy(StrEnum):
    """Which of several versions within the range wins."""

    HIGHEST = "HIGHEST"
    MOST_SIMILAR = "MOST_SIMILAR"


class ResolveStatus(StrEnum):
    """Whether every required Capability is wired."""

    RESOLVED = "RESOLVED"
    UNRESOLVED = "UNRESOLVED"


class RequiredCapability(Model):
    """A Capability that a Channel requires, within a range of versions."""

    model_config = rule(
        "(has(self.name) && self.name != '') || (has(self.id) && self.id != '')",
        NAME_OR_ID,
    )

    id: Annotated[OneLine, Field(description="Chosen by this where no name is given.")] = ""
    name: Annotated[OneLine, Field(description="The name of the Capability; Agents match by it.")] = ""
    version: Annotated[
        OneLine, Field(description="A range such as ^1.2.0, >=1.0.0 <2.0.0, 1.x or [1.0,2.0).")
    ]
    strategy: Annotated[
        Strategy,
        Field(description="HIGHEST (if absent) or MOST_SIMILAR, the lowest version within the range."),
    ] = Strategy.HIGHEST

    @model_validator(mode="after")
    def _has_name_or_id(self) -> Self:
        if not (self.name or self.id):
            raise ValueError(NAME_OR_ID)
        return self

    def __str__(self) -> str:
        return f"{self.name or self.id} {self.version}".rstrip()


class ChannelSpec(Model):
    """What a Channel requires."""

    required_capabilities: Annotated[
        OrderedSet[RequiredCapability], Field(description="The Capabilities that its users can reach.")
    ]


class ChannelStatus(Model):
    """How far a Channel is resolved."""

    resolve_status: Annotated[
        ResolveStatus, Field(description="RESOLVED when every required Capability is wired.")
    ] = ResolveStatus.UNRESOLVED
    unresolved_required_capabilities: Annotated[
        OrderedSet[RequiredCapability], Field(description="The requirements that nobody meets.")
    ] = ()
    conditions: Annotated[Conditions, Field(description="Accepted, Resolved and Ready.")] = ()
    observed_generation: Annotated[
        int | None, Field(description="The generation that the status is about.", ge=0)
    ] = None

    @model_serializer(mode="wrap")
    def _omit_empty(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # The status of a resolved Channel is just its resolveStatus (contract §6.4).
        return {key: value for key, value in write(self).items() if value not in (None, [], ())}


class Channel(Resource):
    """A door to users (web, app, ivr) of one Tenant, with the Capabilities that it requires."""

    KIND: ClassVar[Kind] = CHANNEL

    spec: ChannelSpec
    status: ChannelStatus | None = None

    @property
    def tenant(self) -> str:
        """The label `tenant`, empty where it is absent."""
        return self.metadata.labels.get(TENANT, "")

    @property
    def channel(self) -> str:
        """The label `channel`, empty where it is absent."""
        return self.metadata.labels.get(CHANNEL_LABEL, "")
