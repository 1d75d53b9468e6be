"""Applying manifests in an order in which they can be accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.apps.browsing import kind_named
from lmos.apps.manifests import read_manifests
from lmos.core.errors import LmosError
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION, NAMESPACE, Kind, kind_of
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from lmos.adapters.kubernetes import KubernetesCluster
    from lmos.apps.manifests import SourcedManifest
    from lmos.core.resources.kinds import Manifest

MANAGER = "lmos-cli"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one manifest: `subject` was created, configured or left unchanged, or failed."""

    subject: str
    deed: str = ""
    error: LmosError | None = None
    manifest: Manifest | None = None


async def apply_files(
    cluster: KubernetesCluster, paths: Iterable[Path], namespace: str
) -> AsyncIterator[Outcome]:
    """Apply everything below `paths`; one failure does not stop the others."""
    found, problems = read_manifests(paths)
    for problem in problems:
        yield Outcome("manifest", error=problem)
    async for outcome in apply_all(cluster, found, namespace, manager=MANAGER):
        yield outcome


async def apply_all(
    cluster: KubernetesCluster, found: Iterable[SourcedManifest], namespace: str, *, manager: str
) -> AsyncIterator[Outcome]:
    """Apply namespaces and CRDs first, the rest in the order given."""
    for sourced in sorted(found, key=lambda item: _rank(item.manifest)):
        manifest = sourced.manifest
        subject = f"{manifest['kind']} {manifest['metadata']['name']}"
        try:
            kind = kind_of(manifest) or await kind_named(cluster, manifest["apiVersion"], manifest["kind"])
            if kind.namespaced:
                manifest = manifest | {"metadata": {"namespace": namespace} | manifest["metadata"]}
            before = await _version(cluster, kind, manifest)
            after = await cluster.apply(manifest, kind, manager=manager)
            version = after["metadata"]["resourceVersion"]
            deed = "created" if before is None else "unchanged" if before == version else "configured"
            yield Outcome(subject, deed, manifest=after)
        except LmosError as error:
            yield Outcome(f"{subject} ({sourced.source})", error=error)


def _rank(manifest: Manifest) -> int:
    first = (NAMESPACE, CUSTOM_RESOURCE_DEFINITION)
    kind = kind_of(manifest)
    return first.index(kind) if kind in first else len(first)


async def _version(cluster: KubernetesCluster, kind: Kind, manifest: Manifest) -> str | None:
    metadata = manifest["metadata"]
    try:
        present = await cluster.get(kind, metadata["name"], metadata.get("namespace", ""))
    except ObjectNotFound:
        return None
    version: str = present["metadata"]["resourceVersion"]
    return version
