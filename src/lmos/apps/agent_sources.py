"""Agents as files say them: manifests, Python files, and Deployments that run such files."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmos.apps.agent_files import PYTHON, BrokenAgentFile, agents_in
from lmos.apps.code import words_of
from lmos.apps.manifests import SourcedManifest, UnreadableManifest, read_manifests
from lmos.core.planning.documents import DEFAULT_NAMESPACE
from lmos.core.resources import Agent, AgentSpec, InvalidManifest
from lmos.core.resources.kinds import AGENT, DEPLOYMENT
from lmos.core.resources.labels import LMOS_AGENT
from lmos.localnode import Reaper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lmos.core.resources import Manifest

_ONLY = "--agent"


@dataclass(frozen=True, slots=True)
class AgentSources:
    """
    What some paths hold.

    Attributes:
        manifests: All of them, with one of kind Agent for each Agent that a Python file describes.
        undescribed: Deployments of Agents of which no Python file says what they can do.
        problems: What cannot be read.
    """

    manifests: tuple[SourcedManifest, ...]
    undescribed: tuple[SourcedManifest, ...]
    problems: tuple[UnreadableManifest | BrokenAgentFile, ...]

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The Agents by namespace and name, of several alike the first; what is none is passed over."""
        found: dict[tuple[str, str], Agent] = {}
        for sourced in self.manifests:
            if sourced.manifest["kind"] == AGENT.kind:
                try:
                    agent = Agent.from_manifest(sourced.manifest)
                except InvalidManifest:
                    continue
                namespace = agent.namespace or DEFAULT_NAMESPACE
                metadata = agent.metadata.model_copy(update={"namespace": namespace})
                found.setdefault((namespace, agent.name), agent.model_copy(update={"metadata": metadata}))
        return tuple(found[key] for key in sorted(found))


def read_agents(paths: Sequence[Path]) -> AgentSources:
    """
    Everything in these manifests, folders of manifests and Python files with Agents.

    A Deployment of an Agent whose command names a Python file stands for the Agents in that file; each file
    is imported in a process of its own. An Agent that has a manifest is as that says.
    """
    python = [path for path in paths if path.suffix == PYTHON and not path.is_dir()]
    found, unreadable = read_manifests([path for path in paths if path not in python])
    deployments = [(each, _python_file_of(each)) for each in found if _is_agent(each.manifest)]
    files = list(dict.fromkeys([*python, *(file for _, file in deployments if file is not None)]))
    described, broken = asyncio.run(_described(files))
    made = [
        SourcedManifest(str(file), _manifest({"name": name}, spec))
        for file in python
        for name, spec in described.get(file, {}).items()
    ]
    made += [
        SourcedManifest(str(file), _manifest(each.manifest["metadata"], spec))
        for each, file in deployments
        if file in described and (spec := _served(each.manifest, described[file])) is not None
    ]
    by_hand = {_identity(each.manifest) for each in found if each.manifest["kind"] == AGENT.kind}
    undescribed = [
        each for each, file in deployments if file is None and _identity(each.manifest) not in by_hand
    ]
    return AgentSources(
        (*found, *(each for each in made if _identity(each.manifest) not in by_hand)),
        tuple(undescribed),
        (*unreadable, *broken),
    )


async def _described(
    files: Iterable[Path],
) -> tuple[dict[Path, dict[str, AgentSpec]], list[BrokenAgentFile]]:
    """The Agents of each file by name, and the files that cannot be read."""
    described: dict[Path, dict[str, AgentSpec]] = {}
    broken: list[BrokenAgentFile] = []

    async def describe(file: Path) -> None:
        try:
            described[file] = await agents_in(file, reaper)
        except BrokenAgentFile as problem:
            broken.append(problem)

    with Reaper() as reaper:
        await asyncio.gather(*map(describe, files))
    return described, broken


def _is_agent(manifest: Manifest) -> bool:
    labels = manifest["metadata"].get("labels")
    return (
        manifest["kind"] == DEPLOYMENT.kind and isinstance(labels, dict) and labels.get(LMOS_AGENT) == "true"
    )


def _python_file_of(sourced: SourcedManifest) -> Path | None:
    """The Python file that a Deployment's command names, beside its manifest."""
    folder = Path(sourced.source).parent
    files = (folder / word for word in words_of(sourced.manifest) if word.endswith(PYTHON))
    return next((file for file in files if file.is_file()), None)


def _served(deployment: Manifest, described: Mapping[str, AgentSpec]) -> AgentSpec | None:
    """What the Agents that the Deployment runs say together; None where the file has not the one it names."""
    words = words_of(deployment)
    only = next((following for word, following in pairwise(words) if word == _ONLY), None)
    specs = [spec for name, spec in described.items() if only in {None, name}]
    if not specs:
        return None
    together = {
        field: tuple(dict.fromkeys(value for spec in specs for value in getattr(spec, field)))
        for field in ("supported_tenants", "supported_channels", "provided_capabilities")
    }
    return specs[0].model_copy(update=together)


def _manifest(metadata: Mapping[str, Any], spec: AgentSpec) -> Manifest:
    kept = {field: metadata[field] for field in ("name", "namespace", "labels") if field in metadata}
    return {
        "apiVersion": AGENT.api_version,
        "kind": AGENT.kind,
        "metadata": kept,
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def _identity(manifest: Manifest) -> tuple[str, str]:
    metadata = manifest["metadata"]
    return metadata.get("namespace") or DEFAULT_NAMESPACE, metadata["name"]
