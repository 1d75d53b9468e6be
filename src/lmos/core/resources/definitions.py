"""The CustomResourceDefinitions of our kinds, generated from the models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lmos.core.resources.agent import Agent
from lmos.core.resources.channel import Channel
from lmos.core.resources.kinds import kind_of
from lmos.core.resources.rollout import ChannelRollout
from lmos.core.resources.routing import ChannelRouting
from lmos.core.resources.schemas import paths_beyond, structural_schema

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Manifest
    from lmos.core.resources.resource import Resource

RESOURCES: tuple[type[Resource], ...] = (Agent, Channel, ChannelRouting, ChannelRollout)


@dataclass(frozen=True, slots=True)
class _Presentation:
    """How `kubectl` names and lists a kind."""

    short_name: str
    columns: tuple[Manifest, ...] = ()


_PRESENTATIONS: dict[type[Resource], _Presentation] = {
    Agent: _Presentation("ag"),
    Channel: _Presentation(
        "ch", ({"name": "RESOLVE_STATUS", "type": "string", "jsonPath": ".status.resolveStatus"},)
    ),
    ChannelRouting: _Presentation("cr"),
    ChannelRollout: _Presentation("crl"),
}


@lru_cache
def schema_of(resource: type[Resource]) -> Manifest:
    """The structural OpenAPI schema of a whole object of that kind; shared, so do not change it."""
    schema = structural_schema(resource)
    properties = schema.pop("properties")
    required = sorted({"spec"} & set(schema.pop("required", ())))
    return {
        **schema,
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            # The API server knows metadata better than we do.
            "metadata": {"type": "object"},
            "spec": properties["spec"],
            "status": properties["status"],
        },
        **({"required": required} if required else {}),
    }


def crds() -> tuple[Manifest, ...]:
    """
    The CRDs of Agent, Channel, ChannelRouting and ChannelRollout.

    Names, short names and printer columns are those of the original; every kind has a status subresource.

    There are no `default`s: filling in fields would change manifests that exist, and those who keep them in
    Git would see a difference. Versions and ranges have no pattern: one that cannot be read becomes a
    condition and not a refusal.

    Source:
        Contract §1.1.
    """
    return tuple(_crd(resource) for resource in RESOURCES)


def unknown_fields(manifest: Manifest) -> list[str]:
    """
    The fields of a manifest of our kinds that its schema does not know; the API server would prune them.

    Returns:
        Paths such as `spec.requiredCapabilities[0].nmae`; none for kinds that are not ours.
    """
    kind = kind_of(manifest)
    resource = next((resource for resource in RESOURCES if kind == resource.KIND), None)
    return paths_beyond(schema_of(resource), manifest) if resource else []


def crd_files() -> dict[str, Manifest]:
    """The CRDs by the name of the file in `deploy/crds/` that holds each."""
    return {f"{crd['spec']['names']['plural']}.lmos.eclipse.yaml": crd for crd in crds()}


def _crd(resource: type[Resource]) -> Manifest:
    kind, presentation = resource.KIND, _PRESENTATIONS[resource]
    version: Manifest = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema_of(resource)},
        "subresources": {"status": {}},
    }
    if presentation.columns:
        version["additionalPrinterColumns"] = list(presentation.columns)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": [presentation.short_name],
            },
            "scope": "Namespaced",
            "versions": [version],
        },
    }
