"""Evaluating the router offline, on manifests of Agents alone."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, ClassVar

from lmos.adapters.system import SystemClock
from lmos.apps.encoders import encoder_of
from lmos.apps.manifests import read_manifests
from lmos.core.errors import InvalidInput
from lmos.core.planning import DuplicateName
from lmos.core.resources import Agent
from lmos.core.resources.kinds import AGENT
from lmos.router import Roster
from lmos.router.evaluation import NothingToRoute, evaluate
from lmos.router.questions import read_questions
from lmos.router.variants import VariantName, evaluate_variant

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from lmos.router.evaluation import Evaluation


class UnreadableFile(InvalidInput):
    """A file that a command was given cannot be read."""

    code: ClassVar[str] = "UnreadableFile"

    def __init__(self, file: Path, error: OSError) -> None:
        super().__init__(
            f"{file} cannot be read: {error.strerror or error}.", hint="Check its name and its permissions."
        )


def evaluate_files(questions: Path, agents: Path, variant: VariantName | None = None) -> Evaluation:
    """
    Route the questions of a file among all Agents of a folder, by a head trained as the runtime does it.

    Args:
        questions: A JSON object a line, as `read_questions` says.
        agents: A manifest or a folder of them; what is no Agent is passed over.
        variant: What judges each question by itself, instead of the router.

    Raises:
        UnreadableFile, UnreadableManifest, InvalidManifest: A file or a manifest cannot be read.
        DuplicateName: Two Agents have the same name, in whichever namespaces.
        NothingToRoute, NoQuestions, UnusableQuestion: There is nothing to evaluate, or a line is wrong.
    """
    roster = roster_in(agents, without=[questions])
    try:
        with questions.open("rb") as lines:
            asked = read_questions(lines, roster, source=str(questions))
    except OSError as error:
        raise UnreadableFile(questions, error) from error
    encoder, clock = encoder_of(os.environ), SystemClock()
    if variant:
        return evaluate_variant(variant, roster, asked, encoder, clock)
    return asyncio.run(evaluate(roster, asked, encoder, clock))


def roster_in(folder: Path, without: Collection[Path] = ()) -> Roster:
    """
    All Agents of a manifest or a folder of them, as one Channel's; what is no Agent is passed over.

    Args:
        folder: A file or a folder.
        without: Files in it that are no manifests.

    Raises:
        UnreadableManifest, InvalidManifest: A manifest cannot be read.
        DuplicateName: Two Agents have the same name, in whichever namespaces.
        NothingToRoute: No Agent has a Capability.
    """
    found, unreadable = read_manifests([folder], without=without)
    if unreadable:
        raise unreadable[0]
    agents: dict[str, Agent] = {}
    for sourced in found:
        if sourced.manifest["kind"] == AGENT.kind:
            agent = Agent.from_manifest(sourced.manifest)
            if agent.name in agents:
                raise DuplicateName(AGENT.kind, agent.name)
            agents[agent.name] = agent
    roster = Roster.of_agents("evaluation", agents.values())
    if not any(agent.capabilities for agent in roster.agents):
        raise NothingToRoute
    return roster
