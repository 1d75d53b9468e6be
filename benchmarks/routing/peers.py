"""Routers of others on the same embeddings: in an environment of their own, as processes of their own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.routing.tables import print_evaluation
from lmos.router.decision import Candidate, RouteDecision
from lmos.router.evaluation import Evaluation, Judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.routing.known import KnownTexts
    from lmos.router import Roster
    from lmos.router.questions import Question

_PINS = Path(__file__).with_name("peers.txt")
_SEMANTIC_ROUTER = Path(__file__).with_name("semantic_router_process.py")
_SECONDS = 300.0


def peers_python() -> Path | None:
    """The interpreter of an environment with `peers.txt`, made where it is missing, if it can be made."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "lmos-benchmarks" / hashlib.sha256(_PINS.read_bytes()).hexdigest()[:12]
    python, made = folder / "bin" / "python", folder / "made"
    if made.exists():
        return python
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "-r", str(_PINS)], check=False).returncode:
        print("Skipped: semantic-router cannot be installed.", file=sys.stderr)
        return None
    made.touch()
    return python


def print_semantic_router(
    python: Path, roster: Roster, questions: Sequence[Question], encoder: KnownTexts
) -> None:
    """
    A row for semantic-router with a route for each Agent, and one with a route for each Capability.

    It has no threshold by default. Its `fit` maps confidences to probabilities in their order, so that it
    changes neither who is likeliest nor who is told from what is out of scope.
    """
    of_agents = {
        (agent.name, ""): [text for can in agent.capabilities for text in can.examples]
        for agent in roster.agents
    }
    of_capabilities = {
        (agent.name, can.name): list(can.examples) for agent in roster.agents for can in agent.capabilities
    }
    # Who knows Agents alone is not asked for Capabilities.
    of_whom = [question.model_copy(update={"capability": ""}) for question in questions]
    print_evaluation("… semantic-router, a route an Agent", _evaluated(python, of_agents, of_whom, encoder))
    print_evaluation(
        "… semantic-router, a route a Capability", _evaluated(python, of_capabilities, questions, encoder)
    )


def _evaluated(
    python: Path,
    routes: dict[tuple[str, str], list[str]],
    questions: Sequence[Question],
    encoder: KnownTexts,
) -> Evaluation:
    labels = list(routes)
    asked = [question.text for question in questions]
    texts = list(dict.fromkeys([*asked, *(text for said in routes.values() for text in said)]))
    with tempfile.TemporaryDirectory(prefix="lmos-peers-") as folder:
        given = Path(folder)
        np.save(given / "embeddings.npy", encoder.encode(texts))
        told = {"texts": texts, "routes": list(routes.values()), "questions": asked}
        (given / "given.json").write_text(json.dumps(told))
        found = subprocess.run(
            [python, _SEMANTIC_ROUTER, given], check=True, capture_output=True, timeout=_SECONDS
        )
    answer: dict[str, Any] = json.loads(found.stdout)
    judged = [
        Judged(question, _decision(labels[int(name)] if name else None, confidence, seconds))
        for question, (name, confidence, seconds) in zip(questions, answer["answers"], strict=True)
    ]
    return Evaluation(tuple(judged), answer["train_seconds"])


def _decision(label: tuple[str, str] | None, confidence: float, seconds: float) -> RouteDecision:
    if label is None:
        return RouteDecision(None, "vector", "No route passes.", seconds=seconds)
    return RouteDecision(
        label[0],
        "vector",
        "It is the best route.",
        capability=label[1],
        probability=min(1.0, max(0.0, confidence)),
        familiarity=confidence,
        likeliest=Candidate(*label, probability=confidence),
        seconds=seconds,
    )
