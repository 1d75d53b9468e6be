"""Plans and explanations of files, of a live API server, or of both together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.apps.instance import cluster_of
from lmos.apps.manifests import read_manifests
from lmos.core.planning import PlanReport, Problem, plan_documents
from lmos.core.resolver import explain
from lmos.core.resources import Agent, Channel
from lmos.core.resources.kinds import AGENT, CHANNEL
from lmos.core.resources.labels import ROUTER_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lmos.core.resolver import Explanation
    from lmos.core.resources import Manifest


def plan_files(files: Sequence[Path]) -> PlanReport:
    """Plan what stands in files, without any API server; an unreadable file is one of the problems."""
    return _planned(files, [])


async def plan_live(kubeconfig: Path | None, files: Sequence[Path]) -> PlanReport:
    """Plan what the API server has, with the objects of `files` in the place of those of the same name."""
    async with cluster_of(kubeconfig) as cluster:
        present = [*(await cluster.list(AGENT)).items, *(await cluster.list(CHANNEL)).items]
    return _planned(files, present)


async def explain_live(kubeconfig: Path | None, channel: str, namespace: str) -> Explanation:
    """
    Explain one Channel as the API server has it.

    Raises:
        ObjectNotFound: There is no such Channel.
    """
    async with cluster_of(kubeconfig) as cluster:
        where = namespace or cluster.namespace
        manifest = await cluster.get(CHANNEL, channel, where)
        agents = (await cluster.list(AGENT, where)).items
    return explain(Channel.from_manifest(manifest), [Agent.from_manifest(agent) for agent in agents])


def _planned(files: Sequence[Path], present: Sequence[Manifest]) -> PlanReport:
    found, unreadable = read_manifests(files)
    manifests = [sourced.manifest for sourced in found]
    named = {_identity(manifest) for manifest in manifests}
    kept = [manifest for manifest in present if _identity(manifest) not in named]
    report = plan_documents([*manifests, *kept])
    problems = tuple(Problem(error, "", "", "") for error in unreadable)
    return replace(report, problems=(*problems, *report.problems, *_misrouted([*manifests, *kept])))


def _misrouted(manifests: Sequence[Manifest]) -> Iterator[Problem]:
    """Channels whose router settings the runtime could not read."""
    for manifest in manifests:
        metadata = manifest["metadata"]
        annotations = metadata.get("annotations") or {}
        # What is no text is no annotation, which the Channel's own check says.
        if manifest.get("kind") != CHANNEL.kind or not isinstance(annotations.get(ROUTER_SETTINGS), str):
            continue
        from lmos.router.settings import InvalidRouterSettings, RouterSettings  # noqa: PLC0415 - loads numpy

        try:
            RouterSettings.of(annotations)
        except InvalidRouterSettings as error:
            yield Problem(error, CHANNEL.kind, metadata.get("namespace", "default"), metadata["name"])


def _identity(manifest: Manifest) -> tuple[object, ...]:
    metadata = manifest["metadata"]
    return manifest.get("kind"), metadata.get("namespace", "default"), metadata.get("name")
