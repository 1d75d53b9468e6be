"""Which Agents and Channels there are, as the original's runtime tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse

from lmos.core.errors import NotFound
from lmos.core.resources import ResolveStatus, Strategy, address_of
from lmos.core.resources.labels import CHANNEL, STABLE, TENANT, VERSION, subset_of
from lmos.runtime.failure import Failure
from lmos.runtime.http.description import EVERYWHERE, EXAMPLES, ChannelName, Tenant, refusals
from lmos.runtime.http.errors import problem
from lmos.runtime.http.shown import AddressedAgent, ChannelAgents, ShownChannel, ShownRouting
from lmos.runtime.routing_table import DEFAULT_NAMESPACE, NoRoutingInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lmos.core.errors import LmosError
    from lmos.core.resources import CapabilityGroup, Manifest
    from lmos.core.resources.routing import ChannelRoutingCapability
    from lmos.runtime.routing_table import Route, RoutingTable

Subset = Annotated[str, Header(alias="x-subset")]
Namespace = Annotated[str, Header(alias="x-namespace")]


class NoSuchChannel(NotFound):
    """There is no Channel with these labels."""

    code: ClassVar[str] = "NoSuchChannel"

    def __init__(self, tenant: str, channel: str) -> None:
        super().__init__(
            f"Channel not found for tenant={tenant[:80]} channel={channel[:80]}",
            hint="See the Channels that there are: lmos get channels -A",
        )


def catalogue_routes(table: RoutingTable) -> APIRouter:
    """
    The endpoints that only read.

    Source:
        Contract §2.1.
    """
    router = APIRouter(tags=["catalogue"], responses=refusals(*EVERYWHERE))

    @router.get("/agents", response_model=ChannelAgents, responses=refusals(404))
    def agents(
        tenant: Annotated[str, Query(alias="tenantId", examples=[EXAMPLES["tenant"]])],
        channel: Annotated[str, Query(alias="channelId", examples=[EXAMPLES["channel"]])],
        subset: Annotated[str, Query()] = STABLE,
    ) -> dict[str, Any]:
        """The Agents of a Channel; 404 where nothing serves it."""
        route = table.find(tenant, channel, subset or STABLE)
        groups = route.routing.spec.capability_groups
        return {
            "subset": route.subset,
            "agents": [_agent(group, _version(route)) for group in groups],
        }

    @router.get("/agents/{tenant}/{channel}", response_model=list[AddressedAgent], responses=refusals(404))
    def addressed_agents(tenant: Tenant, channel: ChannelName) -> list[dict[str, Any]]:
        """The Agents of a Channel with their addresses."""
        route = table.find(tenant, channel)
        return [_addressed(group, route) for group in route.routing.spec.capability_groups]

    @router.get("/tenants/{tenant}/channels", response_model=list[ShownChannel])
    def channels(
        tenant: Tenant, x_subset: Subset = STABLE, x_namespace: Namespace = DEFAULT_NAMESPACE
    ) -> list[dict[str, Any]]:
        """The Channels of a Tenant."""
        return [_channel(manifest) for manifest in _channels(table, tenant, x_subset, x_namespace)]

    @router.get("/tenants/{tenant}/channels/{channel}", response_model=ShownChannel, responses=refusals(404))
    def channel(
        tenant: Tenant,
        channel: ChannelName,
        x_subset: Subset = STABLE,
        x_namespace: Namespace = DEFAULT_NAMESPACE,
    ) -> JSONResponse:
        """One Channel."""
        for manifest in _channels(table, tenant, x_subset, x_namespace):
            if manifest["metadata"]["labels"].get(CHANNEL) == channel:
                return JSONResponse(_channel(manifest))
        return _refused(NoSuchChannel(tenant, channel))

    @router.get(
        "/tenants/{tenant}/channels/{channel}/routing", response_model=ShownRouting, responses=refusals(404)
    )
    def routing(
        tenant: Tenant,
        channel: ChannelName,
        x_subset: Subset = STABLE,
        x_namespace: Namespace = DEFAULT_NAMESPACE,
    ) -> JSONResponse:
        """The ChannelRouting of one Channel."""
        try:
            route = table.find(tenant, channel, x_subset or STABLE, x_namespace or DEFAULT_NAMESPACE)
        except NoRoutingInfo as error:
            return _refused(error)
        manifest = route.routing.to_manifest()
        shown = {field: manifest[field] for field in ("apiVersion", "kind", "spec")}
        return JSONResponse(shown | {"metadata": _metadata(manifest)})

    return router


def _refused(error: LmosError) -> JSONResponse:
    """The original's one field `error`, beside those of every other refusal."""
    return JSONResponse({"error": error.message, **problem(Failure.of(error))}, error.http_status)


def _channels(table: RoutingTable, tenant: str, subset: str, namespace: str) -> list[Manifest]:
    return [
        manifest
        for manifest in table.channels.within(namespace or DEFAULT_NAMESPACE)
        if (labels := manifest["metadata"].get("labels", {})).get(TENANT) == tenant
        and subset_of(labels) == (subset or STABLE)
    ]


def _channel(manifest: Manifest) -> dict[str, Any]:
    """Just the fields of the original, each of them always there."""
    status = manifest.get("status")
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": _metadata(manifest),
        "spec": {"requiredCapabilities": _required(manifest["spec"]["requiredCapabilities"])},
        "status": status
        and {
            "resolveStatus": status.get("resolveStatus", ResolveStatus.UNRESOLVED.value),
            "unresolvedRequiredCapabilities": _required(status.get("unresolvedRequiredCapabilities", ())),
        },
    }


def _required(capabilities: Iterable[Manifest]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.get("id", ""),
            "name": each.get("name", ""),
            "version": each["version"],
            "strategy": each.get("strategy", Strategy.HIGHEST.value),
        }
        for each in capabilities
    ]


def _metadata(manifest: Manifest) -> dict[str, Any]:
    metadata = manifest["metadata"]
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "labels": metadata.get("labels", {}),
        "annotations": metadata.get("annotations", {}),
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


def _addressed(group: CapabilityGroup, route: Route) -> dict[str, Any]:
    shown = _agent(group, _version(route))
    capabilities = [{**capability, "subset": ""} for capability in shown["capabilities"]]
    addresses = [{"protocol": "http", "uri": _uri(wired)} for wired in group.capabilities[:1]]
    return {**shown, "capabilities": capabilities, "addresses": addresses}


def _uri(wired: ChannelRoutingCapability) -> str:
    """`host` as it is published; where the Agent names an endpoint, what can really be dialled."""
    if wired.endpoint is None:
        return wired.host
    address = address_of(wired.host, wired.endpoint)
    return f"{address.host}:{address.port}"
