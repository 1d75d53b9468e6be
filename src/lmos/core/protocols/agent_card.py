"""What an Agent says about itself as an A2A card: 0.1's `agent.json` and 1.0's `agent-card.json`."""

from pydantic import ValidationError

from lmos.core.protocols.capabilities import Filled, InvalidDescription, json_object
from lmos.core.resources import AgentSpec, ProvidedCapability
from lmos.core.resources.model import Model, OneLine
from lmos.core.resources.resource import fields_of

AGENT_CARD_PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
"""Where cards are served, the newer protocol first."""


class _Skill(Model):
    id: OneLine = ""
    name: Filled
    description: str = ""
    examples: tuple[str, ...] = ()


class _Card(Model):
    name: OneLine = ""
    description: str = ""
    version: Filled
    skills: tuple[_Skill, ...]


def parse_agent_card(body: bytes) -> AgentSpec:
    """
    Read an A2A card.

    Each skill becomes a Capability of the same id, name, description and examples, at the version of the
    card. A card knows no Tenants and no Channels: the Agent serves every Tenant, and no Channel until its
    Deployment names some in the annotation `lmos.eclipse/channels` (planning adds them).

    Args:
        body: A JSON object with `version` and `skills: [{id, name, description, examples}]`, which versions
            0.1 to 1.0 of the protocol share; whatever else it says is ignored.

    Raises:
        InvalidDescription: It is no such object.

    Source:
        A2A 0.1 "AgentCard", A2A 1.0 §4.4.1; contract §1.5.
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
    )
