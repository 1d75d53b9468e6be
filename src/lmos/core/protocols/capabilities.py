"""What an Agent says about itself at `/.well-known/capabilities.json`, the original's own format."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError
from pydantic_core import from_json

from lmos.core.errors import LmosError
from lmos.core.resources import AgentSpec, ProvidedCapability
from lmos.core.resources.model import Model, OneLine
from lmos.core.resources.resource import fields_of

CAPABILITIES_PATH = "/.well-known/capabilities.json"

Filled = Annotated[OneLine, Field(min_length=1)]


class InvalidDescription(LmosError):
    """What an Agent says about itself cannot be read."""

    code: ClassVar[str] = "InvalidDescription"
    http_status: ClassVar[int] = 502

    def __init__(self, what: str, fields: list[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(
            f"The Agent's {what} cannot be read: {'; '.join(fields)}.",
            hint="Correct what the Agent serves below /.well-known/.",
        )


class _Capability(Model):
    id: OneLine = ""
    name: Filled
    version: Filled
    description: str = ""
    examples: tuple[str, ...] = ()


class _Capabilities(Model):
    id: OneLine = ""
    description: str = ""
    supported_tenants: tuple[Filled, ...] = ()
    supported_channels: tuple[Filled, ...] = ()
    capabilities: tuple[_Capability, ...]


def parse_capabilities(body: bytes) -> AgentSpec:
    """
    Read the body of `capabilities.json`.

    Args:
        body: A JSON object `{id, description, supportedTenants, supportedChannels, capabilities: [{id, name,
            version, description, examples}]}`; further fields are ignored, of the named ones only
            `capabilities` and the name and version of each are needed.

    Raises:
        InvalidDescription: It is no such object. A version that is no semantic version is not refused
            here: that Capability alone is rejected later.

    Source:
        Contract §1.5.4.
    """
    document = json_object("capabilities.json", body)
    try:
        said = _Capabilities.model_validate(document)
    except ValidationError as error:
        raise InvalidDescription("capabilities.json", fields_of(error)) from error
    return AgentSpec(
        id=said.id,
        description=said.description,
        supported_tenants=said.supported_tenants,
        supported_channels=said.supported_channels,
        provided_capabilities=tuple(
            ProvidedCapability.model_validate(capability.model_dump()) for capability in said.capabilities
        ),
    )


def json_object(what: str, body: bytes) -> dict[str, Any]:
    """
    The JSON object in `body`.

    Raises:
        InvalidDescription: It is no JSON in UTF-8, nested too deeply, or no object.
    """
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidDescription(what, [f"no JSON: {error}"]) from error
    if not isinstance(document, dict):
        raise InvalidDescription(what, ["no JSON object"])
    return document
