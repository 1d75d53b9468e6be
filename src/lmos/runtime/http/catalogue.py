"""Which Agents and Channels there are, as the original's runtime tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse

from lmos.core.errors import NotFound
from lmos.core.resources.labels import CHANNEL, STABLE, TENANT, VERSION, subset_of
from lmos.runtime.routing_table import DEFAULT_NAMESPACE, NoRoutingInfo

if TYPE_CHECKING:
    from lmos.core.resources import CapabilityGroup, Manifest
    from lmos.runtime.routing_table import Route, RoutingTable

Subset = Annotated[str, Header(alias="x-subset")]
Namespace = Annotated[str, Header(alias="x-namespace")]

_SHOWN_METADATA = ("name", "namespace", "labels", "annotations")


class NoSuchChannel(NotFound):
    """There is no Channel with these labels."""

    code: ClassVar[str] = "NoSuchChannel"


def catalogue_routes(table: RoutingTable) -> APIRouter:
    """
    The endpoints that only read.

    Source:
        Contract §2.1.
    """
    router = APIRouter(tags=["catalogue"])

    @router.get("/agents")
    def agents(
        tenant: Annotated[str, Query(alias="tenantId")],
        channel: Annotated[str, Query(alias="channelId")],
        subset: Annotated[str, Query()] = STABLE,
    ) -> dict[str, Any]:
        """The Agents of a Channel; 404 where nothing serves it."""
        route = table.find(tenant, channel, subset or STABLE)
        groups = route.routing.spec.capability_groups
        return {
            "subset": route.routing.subset,
            "agents": [_agent(group, _version(route)) for group in groups],
        }

    @router.get("/agents/{tenant}/{channel}")
    def addressed_agents(tenant: str, channel: str) -> list[dict[str, Any]]:
        """The Agents of a Channel with their addresses."""
        route = table.find(tenant, channel)
        return [_addressed(group, _version(route)) for group in route.routing.spec.capability_groups]

    @router.get("/tenants/{tenant}/channels")
    def channels(
        tenant: str, x_subset: Subset = STABLE, x_namespace: Namespace = DEFAULT_NAMESPACE
    ) -> list[dict[str, Any]]:
        """The Channels of a Tenant."""
        return [_channel(manifest) for manifest in _channels(table, tenant, x_subset, x_namespace)]

    @router.get("/tenants/{tenant}/channels/{channel}")
    def channel(
        tenant: str, channel: str, x_subset: Subset = STABLE, x_namespace: Namespace = DEFAULT_NAMESPACE
    ) -> JSONResponse:
        """One Channel."""
        for manifest in _channels(table, tenant, x_subset, x_namespace):
            if manifest["metadata"]["labels"].get(CHANNEL) == channel:
                return JSONResponse(_channel(manifest))
        error = NoSuchChannel(f"Channel not found for tenant={tenant} channel={channel}")
        return JSONResponse({"error": error.message}, error.http_status)

    @router.get("/tenants/{tenant}/channels/{channel}/routing")
    def routing(
        tenant: str, channel: str, x_subset: Subset = STABLE, x_namespace: Namespace = DEFAULT_NAMESPACE
    ) -> JSONResponse:
        """The ChannelRouting of one Channel."""
        try:
            route = table.find(tenant, channel, x_subset or STABLE, x_namespace)
        except NoRoutingInfo as error:
            return JSONResponse({"error": error.message}, error.http_status)
        manifest = route.routing.to_manifest()
        return JSONResponse({**manifest, "metadata": _metadata(manifest)})

    return router


def _channels(table: RoutingTable, tenant: str, subset: str, namespace: str) -> list[Manifest]:
    return [
        manifest
        for manifest in table.channels.within(namespace)
        if (labels := manifest["metadata"].get("labels", {})).get(TENANT) == tenant
        and subset_of(labels) == (subset or STABLE)
    ]


def _channel(manifest: Manifest) -> dict[str, Any]:
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": _metadata(manifest),
        "spec": manifest["spec"],
        "status": manifest.get("status"),
    }


def _metadata(manifest: Manifest) -> dict[str, Any]:
    metadata = manifest["metadata"]
    return {name: metadata.get(name) or {} for name in _SHOWN_METADATA[2:]} | {
        name: metadata.get(name, "") for name in _SHOWN_METADATA[:2]
    }


def _version(route: Route) -> str:
    """The label `version` of the ChannelRouting: the original shows it as that of each Agent."""
    return route.routing.metadata.labels.get(VERSION, "")


def _agent(group: CapabilityGroup, version: str) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "version": version,
        "description": group.description,
        "capabilities": [
            {
                "id": wired.id,
                "name": wired.name,
                "version": wired.provided_version,
                "description": wired.description,
            }
            for wired in group.capabilities
        ],
    }


def _addressed(group: CapabilityGroup, version: str) -> dict[str, Any]:
    shown = _agent(group, version)
    addresses = [{"protocol": "http", "uri": wired.host} for wired in group.capabilities[:1]]
    capabilities = [{**capability, "subset": ""} for capability in shown["capabilities"]]
    return {**shown, "capabilities": capabilities, "addresses": addresses}
