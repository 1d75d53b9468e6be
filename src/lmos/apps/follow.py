"""The manifests below some paths, applied, and applied again whenever their files change."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import structlog
from watchfiles import Change, awatch

from lmos.apps.applying import Outcome, apply_all
from lmos.apps.manifests import SUFFIXES, SourcedManifest, UnreadableManifest, read_manifests
from lmos.core.errors import InvalidInput, LmosError
from lmos.core.planning.scaffold import channel_manifests, workload_manifests
from lmos.core.protocols.capabilities import parse_capabilities
from lmos.core.resources.kinds import AGENT, CHANNEL, CHANNEL_ROLLOUT, CONFIG_MAP, DEPLOYMENT, SECRET, SERVICE
from lmos.core.resources.workload import DIRECTORY
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lmos.adapters.kubernetes import KubernetesCluster
    from lmos.core.resources import AgentSpec, Kind, Manifest

log = structlog.get_logger()

MANAGER = "lmos-up"
NAMESPACE = "default"
SOURCE = "lmos.eclipse/source"
"""The file that an object of ours was read from: when it leaves the file, it leaves the cluster."""

_PYTHON = ".py"
_PRUNED: tuple[Kind, ...] = (CHANNEL, CHANNEL_ROLLOUT, AGENT, DEPLOYMENT, SERVICE, CONFIG_MAP, SECRET)


class BrokenAgentFile(InvalidInput):
    """A Python file with Agents cannot be read; the message is what reading it said."""

    code: ClassVar[str] = "BrokenAgentFile"


class Follower:
    """
    Brings the API server to what stands below `paths`, and keeps it there.

    Args:
        cluster: Where to apply.
        paths: Manifests, folders of them, and Python files with Agents.
        report: Told what became of each object, after every look.
    """

    def __init__(
        self, cluster: KubernetesCluster, paths: Sequence[Path], report: Callable[[list[Outcome]], None]
    ) -> None:
        self._cluster = cluster
        self._paths = [path.resolve() for path in paths]
        self._report = report

    async def apply(self) -> None:
        """Look once, and bring the API server to what is there."""
        found, problems = await self._read()
        unreadable = [Outcome(problem.source, error=problem) for problem in problems]
        applied = [each async for each in apply_all(self._cluster, found, NAMESPACE, manager=MANAGER)]
        pruned = await self._prune(found, {problem.source for problem in problems})
        self._report([*unreadable, *applied, *pruned])

    async def follow(self) -> None:
        """Look again at each change of a file, until cancelled."""
        if not self._paths:
            return
        async for changes in awatch(*self._paths, watch_filter=_is_ours, debounce=200, step=50):
            log.info("files_changed", files=sorted({path for _, path in changes}))
            await self.apply()

    async def _read(self) -> tuple[list[SourcedManifest], list[UnreadableManifest]]:
        python = [path for path in self._paths if path.suffix == _PYTHON]
        found, problems = await asyncio.to_thread(
            read_manifests, [path for path in self._paths if path not in python]
        )
        found = [_prepared(sourced) for sourced in found]
        agents: list[AgentSpec] = []
        for path in python:
            try:
                specs = await _agents_in(path)
            except LmosError as error:
                problems.append(UnreadableManifest(error.message, hint=error.hint, source=str(path)))
                continue
            agents += (spec for _, spec in specs)
            found += (_prepared(SourcedManifest(str(path), each)) for each in _workloads(path, specs))
        if agents:
            source = str(python[0])
            found += (_prepared(SourcedManifest(source, each)) for each in channel_manifests(agents))
        return found, problems

    async def _prune(self, found: Iterable[SourcedManifest], failed: set[str]) -> list[Outcome]:
        """Delete what came from below our paths and is no longer there; unreadable files keep theirs."""
        kept = {_identity(sourced.manifest) for sourced in found}
        outcomes = []
        for kind in _PRUNED:
            for item in (await self._cluster.list(kind, NAMESPACE)).items:
                source = item["metadata"].get("annotations", {}).get(SOURCE, "")
                if source and _identity(item) not in kept and source not in failed and self._is_below(source):
                    with contextlib.suppress(ObjectNotFound):
                        await self._cluster.delete(kind, item["metadata"]["name"], NAMESPACE)
                    outcomes.append(Outcome(f"{kind.kind} {item['metadata']['name']}", "deleted"))
        return outcomes

    def _is_below(self, source: str) -> bool:
        return any(Path(source).is_relative_to(path) for path in self._paths)


def _prepared(sourced: SourcedManifest) -> SourcedManifest:
    """The manifest with its file noted, and a Deployment's commands run in its file's folder."""
    notes = {SOURCE: sourced.source}
    if sourced.manifest["kind"] == DEPLOYMENT.kind:
        notes[DIRECTORY] = str(Path(sourced.source).parent)
    metadata = sourced.manifest["metadata"]
    annotations = notes | (metadata.get("annotations") or {})
    manifest = sourced.manifest | {"metadata": metadata | {"annotations": annotations}}
    return SourcedManifest(sourced.source, manifest)


async def _agents_in(path: Path) -> list[tuple[str, AgentSpec]]:
    """
    Names and descriptions of the Agents in a file, read by another process: it is anybody's code.

    Raises:
        BrokenAgentFile: It does not import, or has no Agents.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lmos.cli.main", "agent", "describe", str(path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaint = await process.communicate()
    if process.returncode:
        said = complaint.decode(errors="replace").strip().removeprefix("Error: ")
        raise BrokenAgentFile(f"{path.name}: {said}", hint=f"Try it alone: lmos agent run {path}")
    described = [json.dumps(each).encode() for each in json.loads(output)]
    return [(json.loads(body)["id"], parse_capabilities(body)) for body in described]


def _workloads(path: Path, agents: Sequence[tuple[str, AgentSpec]]) -> list[Manifest]:
    content = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return [
        manifest
        for name, _ in agents
        for manifest in workload_manifests(
            name, ["lmos", "agent", "run", path.name, "--agent", name], str(path.parent), content
        )
    ]


def _identity(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def _is_ours(_: Change, path: str) -> bool:
    """Manifests and Python files, but nothing in hidden folders, where our own data is."""
    file = Path(path)
    hidden = any(part.startswith(".") for part in file.parts[-3:])
    return file.suffix in SUFFIXES | {_PYTHON} and not hidden
