"""The manifests below some paths, applied, and applied again whenever their files change."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import structlog
from watchfiles import Change, awatch

from lmos.apps.agent_files import PYTHON, AgentFiles
from lmos.apps.applying import Outcome, apply_all, identity_of
from lmos.apps.code import with_code_noted
from lmos.apps.manifests import SUFFIXES, SourcedManifest, is_below, read_manifests
from lmos.core.errors import LmosError
from lmos.core.resources.kinds import AGENT, CHANNEL, CHANNEL_ROLLOUT, CONFIG_MAP, DEPLOYMENT, SECRET, SERVICE
from lmos.core.resources.workload import DIRECTORY
from lmos.ports.cluster import ObjectNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from lmos.adapters.kubernetes import KubernetesCluster
    from lmos.core.resources import Kind
    from lmos.localnode import Reaper

log = structlog.get_logger()

MANAGER = "lmos-up"
NAMESPACE = "default"
SOURCE = "lmos.eclipse/source"
"""The file that an object of ours was read from: when it leaves the file, it leaves the cluster."""

_PRUNED: tuple[Kind, ...] = (CHANNEL, CHANNEL_ROLLOUT, AGENT, DEPLOYMENT, SERVICE, CONFIG_MAP, SECRET)
_SETTLE_MILLISECONDS = 100
"""Files that change together are looked at together."""


class NotFollowed(LmosError):
    """Changes of files cannot be noticed."""

    code: ClassVar[str] = "NotFollowed"


class Follower:
    """
    Brings the API server to what stands below `paths`, and keeps it there.

    Args:
        cluster: Where to apply.
        paths: Manifests, folders of them, and Python files with Agents.
        data: Our own data folder, which holds no manifests wherever it is.
        reaper: Ends the processes that read Python files.
        report: Told what became of each object, after every look.
    """

    def __init__(
        self,
        cluster: KubernetesCluster,
        paths: Sequence[Path],
        *,
        data: Path,
        reaper: Reaper,
        report: Callable[[list[Outcome]], None],
    ) -> None:
        resolved = [path.resolve() for path in paths]
        self._cluster = cluster
        self._data = data
        self._report = report
        self._folders = [path for path in resolved if path.is_dir()]
        self._files = [path for path in resolved if path not in self._folders]
        self._manifests = [path for path in resolved if path.suffix != PYTHON or path in self._folders]
        self._agents = AgentFiles([path for path in self._files if path.suffix == PYTHON], reaper)
        self._changed = asyncio.Event()

    async def run(self, *, applied: asyncio.Event) -> None:
        """Look, set `applied`, and look again at each change of a file, until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self._folders:
                group.create_task(self._watch(*self._folders, recursive=True))
            if self._files:
                # Editors replace files: only their folders see that.
                parents = {file.parent for file in self._files}
                group.create_task(self._watch(*parents, recursive=False))
            # Once they are watched, no change falls between the first look and the second.
            await asyncio.sleep(0)
            await self._look()
            applied.set()
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._look()

    async def _look(self) -> None:
        """Bring the API server to what is in the files now; what fails is reported."""
        try:
            self._report(await self._applied())
        except LmosError as error:
            self._report([Outcome("Manifests", error=error)])

    async def _applied(self) -> list[Outcome]:
        found, unreadable = await asyncio.to_thread(read_manifests, self._manifests, without=(self._data,))
        agents, broken = await self._agents.read()
        prepared = [_prepared(sourced) for sourced in (*found, *agents)]
        problems = [Outcome(problem.source, error=problem) for problem in unreadable]
        problems += [Outcome(problem.source, error=problem) for problem in broken]
        applied = [each async for each in apply_all(self._cluster, prepared, NAMESPACE, manager=MANAGER)]
        return [*problems, *applied, *await self._prune(prepared, {each.subject for each in problems})]

    async def _prune(self, found: Iterable[SourcedManifest], failed: Collection[str]) -> list[Outcome]:
        """Delete what came from below our paths and is no longer there; unreadable files keep theirs."""
        kept = {identity_of(sourced.manifest, NAMESPACE) for sourced in found}
        outcomes = []
        for kind in _PRUNED:
            for item in (await self._cluster.list(kind)).items:
                source = item["metadata"].get("annotations", {}).get(SOURCE, "")
                is_ours = bool(source) and source not in failed and self._covers(Path(source))
                if is_ours and identity_of(item, NAMESPACE) not in kept:
                    name = item["metadata"]["name"]
                    with contextlib.suppress(ObjectNotFound):
                        await self._cluster.delete(kind, name, item["metadata"]["namespace"])
                    outcomes.append(Outcome(f"{kind.kind} {name}", "deleted"))
        return outcomes

    async def _watch(self, *places: Path, recursive: bool) -> None:
        try:
            async for changes in awatch(
                *places,
                watch_filter=self._is_followed,
                recursive=recursive,
                debounce=_SETTLE_MILLISECONDS,
                step=_SETTLE_MILLISECONDS // 2,
            ):
                log.info("files_changed", files=sorted({path for _, path in changes}))
                self._changed.set()
        except (OSError, RuntimeError) as error:
            hint = "Apply them yourself, lmos apply -f FILE, or start `lmos up` again."
            unseen = NotFollowed(f"Changes of these files are not seen any more: {error}.", hint=hint)
            self._report([Outcome(", ".join(map(str, places)), error=unseen)])

    def _is_followed(self, _: Change, path: str) -> bool:
        """Whether it is a manifest or Python file of ours, or code that our Python files may import."""
        file = Path(path)
        is_kind = file.suffix in SUFFIXES or file.suffix == PYTHON
        is_beside = file.suffix == PYTHON and any(file.parent == each.parent for each in self._files)
        is_ours = (self._covers(file) or is_beside) and not file.is_relative_to(self._data)
        return is_kind and is_ours

    def _covers(self, file: Path) -> bool:
        return file in self._files or any(is_below(file, folder) for folder in self._folders)


def _prepared(sourced: SourcedManifest) -> SourcedManifest:
    """The manifest with its file noted, and of a Deployment the folder of its commands and their code."""
    manifest, folder = sourced.manifest, Path(sourced.source).parent
    notes = {SOURCE: sourced.source}
    if manifest["kind"] == DEPLOYMENT.kind:
        notes[DIRECTORY] = str(folder)
        manifest = with_code_noted(manifest, folder)
    metadata = manifest["metadata"]
    annotations = metadata.get("annotations") or {}
    if isinstance(annotations, dict):
        manifest = manifest | {"metadata": metadata | {"annotations": notes | annotations}}
    # Anything else is for the API server to refuse.
    return SourcedManifest(sourced.source, manifest)
