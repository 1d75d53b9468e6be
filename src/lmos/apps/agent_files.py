"""Python files with Agents, as the manifests that run them and the Channels to reach them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lmos.apps.code import code_digest
from lmos.apps.manifests import SourcedManifest
from lmos.core.errors import InvalidInput, LmosError
from lmos.core.planning.scaffold import channel_manifests, workload_manifests
from lmos.core.protocols.capabilities import parse_capabilities

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lmos.core.resources import AgentSpec, Manifest
    from lmos.localnode import Reaper

PYTHON = ".py"

_IMPORT_SECONDS = 30.0
_ERROR = "Error: "


class BrokenAgentFile(InvalidInput):
    """A Python file with Agents cannot be read; the message is what reading it said."""

    code: ClassVar[str] = "BrokenAgentFile"

    def __init__(self, file: Path, said: str) -> None:
        self.source = str(file)
        message = said if file.name in said else f"{file.name}: {said}"
        super().__init__(message, hint=f"Try it alone: lmos agent run {file}")


@dataclass(frozen=True, slots=True)
class _Described:
    """What was read from a file: the digest of its code, and its Agents by name."""

    digest: str
    agents: dict[str, AgentSpec]


class AgentFiles:
    """
    The Agents of some Python files.

    A file that broke stands for what it last held, so that its Agents go on and their Channels keep them.

    Args:
        files: The files.
        reaper: Ends the processes that read them: they hold anybody's code.
    """

    def __init__(self, files: Sequence[Path], reaper: Reaper) -> None:
        self._files = files
        self._reaper = reaper
        self._described: dict[Path, _Described] = {}

    async def read(self) -> tuple[list[SourcedManifest], list[BrokenAgentFile]]:
        """A Deployment and a Service an Agent, and Channels that require all their Capabilities."""
        problems = [
            problem for problem in await asyncio.gather(*map(self._look, self._files)) if problem is not None
        ]
        known = {file: self._described[file] for file in self._files if file in self._described}
        found = [
            SourcedManifest(str(file), manifest)
            for file, described in known.items()
            for manifest in _workloads(file, described)
        ]
        agents = [agent for described in known.values() for agent in described.agents.values()]
        if agents:
            source = str(next(iter(known)))
            found += (SourcedManifest(source, channel) for channel in channel_manifests(agents))
        return found, problems

    async def _look(self, file: Path) -> BrokenAgentFile | None:
        """Describe the file again if its code has changed; returns what is wrong with it."""
        try:
            digest = code_digest([file])
            if file not in self._described or self._described[file].digest != digest:
                self._described[file] = _Described(digest, await agents_in(file, self._reaper))
        except OSError as error:
            return BrokenAgentFile(file, f"it cannot be read: {error.strerror}.")
        except BrokenAgentFile as problem:
            return problem
        return None


async def agents_in(file: Path, reaper: Reaper) -> dict[str, AgentSpec]:
    """
    The Agents in a file by name, as another process describes them.

    Raises:
        BrokenAgentFile: It does not import, has no Agents, or takes too long.
    """
    try:
        status, output, complaint = await _described_by(file, reaper)
    except subprocess.TimeoutExpired as error:
        raise BrokenAgentFile(file, f"importing it takes longer than {_IMPORT_SECONDS:g} s.") from error
    except LmosError as error:
        raise BrokenAgentFile(file, error.message) from error
    if status:
        raise BrokenAgentFile(file, _said(complaint.decode(errors="replace"), status))
    try:
        return {each["id"]: parse_capabilities(json.dumps(each).encode()) for each in json.loads(output)}
    except (LmosError, ValueError, KeyError, TypeError) as error:
        raise BrokenAgentFile(file, f"what its Agents say cannot be read: {error}") from error


async def _described_by(file: Path, reaper: Reaper) -> tuple[int, bytes, bytes]:
    """Exit status, output and complaints of the process that imports the file."""
    process = reaper.start(
        (sys.executable, "-m", "lmos.cli.main", "agent", "describe", str(file)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        output, complaint = await asyncio.to_thread(process.communicate, timeout=_IMPORT_SECONDS)
    finally:
        reaper.kill(process)
        status = await asyncio.to_thread(process.wait)
        reaper.forget(process)
    return status, output, complaint


def _said(complaint: str, status: int) -> str:
    """The error that the describing process told, else its last words."""
    lines = [line for line in complaint.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(_ERROR)]
    return next(reversed(errors or lines), f"it ends with status {status}.").removeprefix(_ERROR)


def _workloads(file: Path, described: _Described) -> list[Manifest]:
    return [
        manifest
        for name in described.agents
        for manifest in workload_manifests(
            name, ["lmos", "agent", "run", file.name, "--agent", name], str(file.parent), described.digest
        )
    ]
