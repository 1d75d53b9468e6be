"""What an Agent says about itself as an A2A card: 0.1's `agent.json` and 1.0's `agent-card.json`."""

import re
from typing import Literal, cast

from pydantic import HttpUrl, TypeAdapter, ValidationError

from lmos.core.protocols.capabilities import Filled, InvalidDescription, json_object
from lmos.core.resources import AgentSpec, Endpoint, ProvidedCapability
from lmos.core.resources.endpoint import A2A_HTTP_JSON, A2A_JSONRPC
from lmos.core.resources.model import Model, OneLine
from lmos.core.resources.resource import fields_of

AGENT_CARD_PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
"""Where cards are served, the newer protocol first."""

_PROTOCOLS = {"JSONRPC": A2A_JSONRPC, "HTTP+JSON": A2A_HTTP_JSON}
_VERSION = re.compile(r"1(\.\d+)*")
_URL = TypeAdapter(HttpUrl)


class _Skill(Model):
    id: OneLine = ""
    name: Filled
    description: str = ""
    examples: tuple[str, ...] = ()


class _Interface(Model):
    url: str = ""
    protocol_binding: str = ""
    protocol_version: str = ""
    tenant: str = ""

    def endpoint(self) -> Endpoint | None:
        """Where and how to ask; None where we cannot."""
        protocol = _PROTOCOLS.get(self.protocol_binding)
        if protocol is None or self.tenant or not _VERSION.fullmatch(self.protocol_version):
            return None
        try:
            url = _URL.validate_python(self.url)
        except ValidationError:
            return None
        if url.username or url.password or url.query or url.fragment:
            return None
        return Endpoint(
            scheme=cast("Literal['http', 'https']", url.scheme),
            host=url.host,
            port=url.port,
            path=url.path or "/",
            protocol=protocol,
        )


class _Card(Model):
    name: OneLine = ""
    description: str = ""
    version: Filled
    skills: tuple[_Skill, ...]
    supported_interfaces: tuple[_Interface, ...] = ()

    def endpoint(self) -> Endpoint | None:
        """The first interface that we can use; None where the card names none at all."""
        if not self.supported_interfaces:
            return None
        usable = next(filter(None, (each.endpoint() for each in self.supported_interfaces)), None)
        if usable is None:
            reason = "none is JSONRPC or HTTP+JSON of A2A 1.x, without a tenant, at a plain URL"
            raise InvalidDescription("A2A card", [f"supportedInterfaces: {reason}"])
        return usable


def parse_agent_card(body: bytes) -> AgentSpec:
    """
    Read an A2A card.

    Each skill becomes a Capability of the same id, name, description and examples, at the version of the
    card. A card knows no Tenants and no Channels: the Agent serves every Tenant, and no Channel until its
    Deployment names some in the annotation `lmos.eclipse/channels` (planning adds them). The first of its
    interfaces that we can use becomes the `endpoint`; an Agent whose card names none is asked as any other.

    Args:
        body: A JSON object with `version` and `skills: [{id, name, description, examples}]`, which versions
            0.1 to 1.0 of the protocol share, and the `supportedInterfaces: [{url, protocolBinding,
            protocolVersion, tenant}]` of 1.0; whatever else it says is ignored.

    Raises:
        InvalidDescription: It is no such object, or we can use none of its interfaces.

    Source:
        A2A 0.1 "AgentCard", A2A 1.0 §4.4.1 and §4.4.6; contract §1.5.
    """
    try:
        card = _Card.model_validate(json_object("A2A card", body))
    except ValidationError as error:
        raise InvalidDescription("A2A card", fields_of(error)) from error
    return AgentSpec(
        id=card.name,
        description=card.description,
        provided_capabilities=tuple(
            ProvidedCapability(
                id=skill.id,
                name=skill.name,
                version=card.version,
                description=skill.description,
                examples=skill.examples,
            )
            for skill in card.skills
        ),
        endpoint=card.endpoint(),
    )
