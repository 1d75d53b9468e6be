"""Channels and their Agents under the names of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lmos.core.protocols.openai.errors import ModelNotFound


@dataclass(frozen=True, slots=True)
class ModelName:
    """`tenant/channel`, whose router chooses the Agent, or `tenant/channel/agent`; names hold no slash."""

    tenant: str
    channel: str
    agent: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name. Raises `ModelNotFound` if it is not two or three names with slashes between."""
        match text.split("/"):
            case [tenant, channel] if tenant and channel:
                return cls(tenant, channel)
            case [tenant, channel, agent] if tenant and channel and agent:
                return cls(tenant, channel, agent)
            case _:
                raise ModelNotFound(text)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.tenant, self.channel, self.agent)))
