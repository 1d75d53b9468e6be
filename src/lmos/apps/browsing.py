"""Kinds by any of their names, and objects as the server prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from lmos.adapters.kubernetes import path_of
from lmos.core.errors import NotFound
from lmos.core.resources.kinds import EVENT, KINDS, Kind
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from lmos.adapters.kubernetes import KubernetesCluster
    from lmos.core.resources.kinds import Manifest

_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io, application/json"


class UnknownKind(NotFound):
    """The API server serves no kind of that name."""

    code: ClassVar[str] = "UnknownKind"


async def find_kind(cluster: KubernetesCluster, word: str) -> Kind:
    """
    The kind that `word` names: plural, singular, short name or kind, with or without its group.

    Raises:
        UnknownKind: The server has no such kind.
    """
    wanted = word.lower()
    for kind in KINDS:
        if wanted in {kind.plural, kind.kind.lower(), str(kind)}:
            return kind
    for kind, names in await _served(cluster):
        if wanted in names:
            return kind
    raise UnknownKind(
        f"The API server has no kind called {word!r}.",
        hint="Kinds of LMOS: agents, channels, channelroutings, channelrollouts. A CRD adds its own.",
    )


async def kind_named(cluster: KubernetesCluster, api_version: str, name: str) -> Kind:
    """
    The kind of a manifest's `apiVersion` and `kind`.

    Raises:
        UnknownKind: The server has no such kind.
    """
    group, _, version = api_version.rpartition("/")
    for kind in await _kinds_of(cluster, group, version):
        if kind[0].kind == name:
            return kind[0]
    raise UnknownKind(
        f"The API server has no kind {name} in {api_version}.",
        hint="Check apiVersion and kind, or apply its CustomResourceDefinition first.",
    )


async def read_table(
    cluster: KubernetesCluster, kind: Kind, namespace: str, name: str
) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows as the API server prints them, with the namespace where several may appear."""
    table = await cluster.read(path_of(kind, namespace, name), accept=_TABLE)
    shown = [i for i, column in enumerate(table["columnDefinitions"]) if not column.get("priority")]
    with_namespace = kind.namespaced and not namespace
    columns = [table["columnDefinitions"][i]["name"] for i in shown]
    rows = []
    for row in table.get("rows") or ():
        where = [row["object"]["metadata"].get("namespace", "")] if with_namespace else []
        rows.append(where + [row["cells"][i] for i in shown])
    return (["Namespace", *columns] if with_namespace else columns), rows


async def read_objects(cluster: KubernetesCluster, kind: Kind, namespace: str, name: str) -> Manifest:
    """One object, or a `List` of all of them, without what only servers need."""
    answer = await cluster.read(path_of(kind, namespace, name))
    for item in answer.get("items", [answer]):
        item["metadata"].pop("managedFields", None)
    return answer


async def events_about(cluster: KubernetesCluster, manifest: Manifest) -> list[dict[str, str]]:
    """`{time, type, reason, message}` of the Events about an object, oldest first."""
    uid = manifest["metadata"]["uid"]
    events = await cluster.list(EVENT, manifest["metadata"].get("namespace", ""))
    about = [event for event in events.items if event.get("involvedObject", {}).get("uid") == uid]
    told = [
        {
            "time": str(event.get("lastTimestamp") or event.get("eventTime") or ""),
            **{name: str(event.get(name, "")) for name in ("type", "reason", "message")},
        }
        for event in about
    ]
    return sorted(told, key=lambda event: event["time"])


async def _served(cluster: KubernetesCluster) -> list[tuple[Kind, set[str]]]:
    """Every kind of the server with the names it goes by."""
    groups = await cluster.read("/apis")
    found = await _kinds_of(cluster, "", "v1")
    for group in groups["groups"]:
        found += await _kinds_of(cluster, group["name"], group["preferredVersion"]["version"])
    return found


async def _kinds_of(cluster: KubernetesCluster, group: str, version: str) -> list[tuple[Kind, set[str]]]:
    try:
        listing = await cluster.read(f"/apis/{group}/{version}" if group else f"/api/{version}")
    except ObjectNotFound:
        return []
    found = []
    for resource in listing["resources"]:
        plural = resource["name"]
        if "/" not in plural:
            kind = Kind(group, version, resource["kind"], plural, resource["namespaced"])
            names = {plural, resource.get("singularName", ""), resource["kind"].lower(), str(kind)}
            found.append((kind, names | set(resource.get("shortNames", ()))))
    return found
