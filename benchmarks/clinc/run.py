"""
CLINC150 through a running LMOS: ten Agents, 150 Capabilities, ten examples each, every test question asked.

    python -m benchmarks.clinc.run [--questions N]

The data (Larson et al., EMNLP 2019, CC BY 3.0) is read from ../shared/datasets/clinc150 and not shipped.
Examples are ten of each intent's in the training split, drawn with a fixed seed: the first ones of each were
written by the same few people and resemble each other. Nothing is tuned on the test split.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml

from benchmarks.machine import Machine, machine

DATA = Path(__file__).parents[2].parent / "shared" / "datasets" / "clinc150"
EXAMPLES = 10
CLIENTS = 4
_READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A test question, the Agent that should answer (None: out of scope) and what came of it."""

    text: str
    wanted: str | None
    wanted_capability: str
    agent: str = ""
    capability: str = ""
    status: int = 0
    seconds: float = 0.0


def main() -> None:
    """Build the Agents, ask the questions, print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=0, help="ask only so many, chosen at random")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"Skipped: there is no {DATA}.")
        return
    print(json.dumps(report(options.questions), indent=2))


def report(questions: int = 0) -> dict[str, Any]:
    """Everything measured, as plain values."""
    splits = json.loads((DATA / "data_full.json").read_text())
    domains: dict[str, list[str]] = json.loads((DATA / "domains.json").read_text())
    asked = test_questions(splits, domains)
    if questions:
        asked = random.Random(0).sample(asked, questions)
    with tempfile.TemporaryDirectory(prefix="lmos-clinc-") as folder:
        write_agents(Path(folder), splits, domains)
        with machine(Path(folder)) as running:
            return asyncio.run(_measure(running, asked))


def write_agents(folder: Path, splits: dict[str, Any], domains: dict[str, list[str]]) -> None:
    """The Agents' examples, their Deployments and Services, and a Channel that requires everything."""
    by_intent: defaultdict[str, list[str]] = defaultdict(list)
    for text, intent in splits["train"]:
        by_intent[intent].append(text)
    chance = random.Random(0)
    shutil.copy(Path(__file__).with_name("agents.py"), folder / "agents.py")
    manifests: list[dict[str, Any]] = []
    for domain, intents in domains.items():
        examples = {intent: chance.sample(by_intent[intent], EXAMPLES) for intent in intents}
        (folder / f"{domain}.json").write_text(json.dumps(examples))
        manifests += _workload(domain)
    required = [
        {"name": _slug(intent), "version": "^1"} for intents in domains.values() for intent in intents
    ]
    labels = {"tenant": "clinc", "channel": "web", "version": "1.0.0"}
    manifests.append(
        {
            "apiVersion": "lmos.eclipse/v1",
            "kind": "Channel",
            "metadata": {"name": "clinc-web-stable", "labels": labels},
            "spec": {"requiredCapabilities": required},
        }
    )
    (folder / "manifests.yaml").write_text(yaml.safe_dump_all(manifests))


def test_questions(splits: dict[str, Any], domains: dict[str, list[str]]) -> list[Asked]:
    """The whole test split: 4,500 questions in scope and 1,000 out of it."""
    agent_of = {intent: _slug(domain) for domain, intents in domains.items() for intent in intents}
    inside = [Asked(text, agent_of[intent], _slug(intent)) for text, intent in splits["test"]]
    outside = [Asked(text, None, "") for text, _ in splits["oos_test"]]
    return inside + outside


def _workload(domain: str) -> list[dict[str, Any]]:
    name = _slug(domain)
    container = {
        "name": "agent",
        "image": name,
        "command": ["lmos", "agent", "run", "agents.py"],
        "env": [{"name": "DOMAIN", "value": domain}],
        "readinessProbe": {"httpGet": {"path": "/health/readiness", "port": 8080}},
    }
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": {"lmos-agent": "true"}},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 8080}]},
        },
    ]


async def _measure(running: Machine, asked: list[Asked]) -> dict[str, Any]:
    async with httpx2.AsyncClient(base_url=running.runtime, timeout=60, trust_env=False) as client:
        await _until_resolved(client)
        resolved = time.monotonic() - running.started_at
        await _ask(client, Asked("warm up, please", None, ""), "warm")
        queue = list(enumerate(asked))
        answers: list[Asked] = []

        async def work() -> None:
            while queue:
                number, question = queue.pop()
                answers.append(await _ask(client, question, f"clinc-{number}"))

        began = time.monotonic()
        await asyncio.gather(*(work() for _ in range(CLIENTS)))
        took = time.monotonic() - began
    figures = _figures(answers)
    memory = sum(running.memory_megabytes().values())
    return figures | {
        "seconds_to_resolved": round(resolved, 1),
        "turns_per_second": round(len(answers) / took, 1),
        "memory_megabytes": round(memory),
        "clients": CLIENTS,
    }


async def _until_resolved(client: httpx2.AsyncClient) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        response = await client.get("/apis/v1/tenants/clinc/channels/web")
        if response.is_success and (response.json()["status"] or {}).get("resolveStatus") == "RESOLVED":
            return
        await asyncio.sleep(0.1)
    sys.exit(f"The Channel was not resolved within {_READY_SECONDS:g} s: {response.text}")


async def _ask(client: httpx2.AsyncClient, question: Asked, conversation: str) -> Asked:
    body = {
        "inputContext": {"messages": [{"role": "user", "content": question.text}]},
        "systemContext": {"channelId": "web"},
        "userContext": {"userId": "bench"},
    }
    began = time.perf_counter()
    response = await client.post(
        f"/apis/v1/clinc/chat/{conversation}/message", json=body, headers={"x-turn-id": conversation}
    )
    seconds = time.perf_counter() - began
    agent = response.headers.get("x-lmos-agent", "")
    capability = response.json().get("content", "") if agent else ""
    return Asked(
        question.text,
        question.wanted,
        question.wanted_capability,
        agent,
        capability,
        response.status_code,
        seconds,
    )


def _figures(answers: list[Asked]) -> dict[str, Any]:
    inside = [each for each in answers if each.wanted]
    outside = [each for each in answers if not each.wanted]
    answered = [each for each in inside if each.agent]
    right = [each for each in answered if each.agent == each.wanted]
    exact = [each for each in right if each.capability == each.wanted_capability]
    milliseconds = statistics.quantiles([1000 * each.seconds for each in answers], n=100)
    return {
        "questions": len(answers),
        "errors": sum(each.status != httpx2.codes.OK for each in answers),
        "agent_accuracy_of_answered": _share(len(right), len(answered)),
        "capability_accuracy_of_answered": _share(len(exact), len(answered)),
        "false_rejections": _share(len(inside) - len(answered), len(inside)),
        "out_of_scope_recall": _share(sum(not each.agent for each in outside), len(outside)),
        "right_of_everything_answered": _share(
            len(right), len(answered) + sum(bool(each.agent) for each in outside)
        ),
        "latency_ms": {f"p{percent}": round(milliseconds[percent - 1], 2) for percent in (50, 90, 99)},
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _slug(name: str) -> str:
    return name.replace("_", "-")


if __name__ == "__main__":
    main()
