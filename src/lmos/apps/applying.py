"""Applying manifests in an order in which they can be accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lmos.apps.browsing import kind_named
from lmos.apps.manifests import read_manifests
from lmos.core.errors import LmosError
from lmos.core.planning import DuplicateName
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION, NAMESPACE, Kind, kind_of
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from lmos.adapters.kubernetes import KubernetesCluster
    from lmos.apps.manifests import SourcedManifest
    from lmos.core.resources.kinds import Manifest

MANAGER = "lmos-cli"

_FIRST = (NAMESPACE, CUSTOM_RESOURCE_DEFINITION)


class Identity(NamedTuple):
    """What tells an object from every other, in whichever version it is written."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of `subject`: created, configured, unchanged or deleted, or why not."""

    subject: str
    deed: str = ""
    error: LmosError | None = None


def identity_of(manifest: Manifest, namespace: str) -> Identity:
    """Which object a manifest is about; `namespace` is where it is if it names none."""
    metadata = manifest["metadata"]
    group = manifest["apiVersion"].rpartition("/")[0]
    return Identity(group, manifest["kind"], metadata.get("namespace") or namespace, metadata["name"])


async def apply_files(
    cluster: KubernetesCluster, paths: Iterable[Path], namespace: str
) -> AsyncIterator[Outcome]:
    """Apply everything below `paths`; one failure does not stop the others."""
    found, problems = read_manifests(paths)
    for problem in problems:
        yield Outcome(problem.source, error=problem)
    async for outcome in apply_all(cluster, found, namespace, manager=MANAGER):
        yield outcome


async def apply_all(
    cluster: KubernetesCluster, found: Iterable[SourcedManifest], namespace: str, *, manager: str
) -> AsyncIterator[Outcome]:
    """
    Apply namespaces and CRDs first, the rest in the order given.

    Fields that a kind does not know are refused, and of two manifests for one object the second is.
    """
    seen: set[Identity] = set()
    for sourced in sorted(found, key=lambda item: _rank(item.manifest)):
        manifest = sourced.manifest
        identity = identity_of(manifest, namespace)
        subject = _subject(manifest)
        try:
            if identity in seen:
                raise DuplicateName(identity.kind, f"{identity.namespace}/{identity.name}")
            seen.add(identity)
            yield Outcome(subject, await _applied(cluster, manifest, namespace, manager))
        except LmosError as error:
            yield Outcome(f"{subject} in {sourced.source}", error=error)


async def _applied(cluster: KubernetesCluster, manifest: Manifest, namespace: str, manager: str) -> str:
    """What the server did with the manifest."""
    kind = kind_of(manifest) or await kind_named(cluster, manifest["apiVersion"], manifest["kind"])
    if kind.namespaced and not manifest["metadata"].get("namespace"):
        manifest = manifest | {"metadata": manifest["metadata"] | {"namespace": namespace}}
    before = await _version(cluster, kind, manifest)
    after = await cluster.apply(manifest, kind, manager=manager, strict=True)
    if before is None:
        return "created"
    return "unchanged" if before == after["metadata"]["resourceVersion"] else "configured"


def _rank(manifest: Manifest) -> int:
    kind = kind_of(manifest)
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def _subject(manifest: Manifest) -> str:
    """Kind and name, with escapes for what a terminal would obey."""
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    return name if name.isprintable() else ascii(name)[1:-1]


async def _version(cluster: KubernetesCluster, kind: Kind, manifest: Manifest) -> str | None:
    metadata = manifest["metadata"]
    try:
        present = await cluster.get(kind, metadata["name"], metadata.get("namespace", ""))
    except ObjectNotFound:
        return None
    version: str = present["metadata"]["resourceVersion"]
    return version
