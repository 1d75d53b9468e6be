"""The metadata of a Kubernetes object, as far as LMOS reads or writes it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from lmos.core.resources.model import Model

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS_LABEL = rf"^({_LABEL})?$"
DNS_NAME = rf"^{_LABEL}(\.{_LABEL})*$"
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - whatever stands in the manifest
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    return value


Name = Annotated[str, Field(max_length=253, pattern=DNS_NAME)]
Namespace = Annotated[str, Field(max_length=63, pattern=DNS_LABEL)]
LabelValue = Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]
# The original writes a label that its Channel lacks as null.
Labels = Annotated[dict[str, LabelValue], BeforeValidator(_without_nulls)]
Annotations = Annotated[dict[str, str], BeforeValidator(_without_nulls)]


class OwnerReference(Model):
    """The object with which this one is deleted."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None


class ObjectMeta(Model):
    """Name, labels and what the API server keeps about an object; empty parts are not written."""

    name: Name
    namespace: Namespace = ""
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)
    uid: str = ""
    resource_version: str = ""
    generation: int | None = None
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _omit_empty(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in write(self).items() if value not in (None, "", {}, [], ())}
