"""
`lmos up examples/01-telecom`, from the command to the first answer of an Agent, and the memory of everything.

    python -m benchmarks.up
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.machine import Machine, machine

EXAMPLE = Path(__file__).parents[1] / "examples" / "01-telecom"
RUNS = 5
_LOOK_SECONDS = 0.02
_ANSWER_SECONDS = 60.0


def main() -> None:
    """Print the figures."""
    print(json.dumps(report(), indent=2))


def report() -> dict[str, Any]:
    """Medians over RUNS, as plain values."""
    first_answers, memories = [], []
    for _ in range(RUNS):
        with machine(EXAMPLE) as running:
            first_answers.append(_first_answer(running) - running.started_at)
            memories.append(running.memory_megabytes())
    return {
        "first_answer_seconds": {
            "median": round(statistics.median(first_answers), 2),
            "min": round(min(first_answers), 2),
            "max": round(max(first_answers), 2),
        },
        "memory_megabytes": round(statistics.median(sum(each.values()) for each in memories)),
        "memory_of_each": {name: round(size) for name, size in memories[-1].items()},
    }


def _first_answer(running: Machine) -> float:
    """When an Agent answered for the first time."""
    body = {
        "inputContext": {"messages": [{"role": "user", "content": "How much is my bill this month?"}]},
        "systemContext": {"channelId": "web"},
        "userContext": {"userId": "bench"},
    }
    deadline = time.monotonic() + _ANSWER_SECONDS
    for attempt in range(10_000):
        headers = {"x-turn-id": str(attempt)}
        answer = httpx2.post(
            f"{running.runtime}/apis/v1/acme/chat/{attempt}/message", json=body, headers=headers, timeout=10
        )
        if answer.is_success and answer.headers["x-lmos-agent"]:
            return time.monotonic()
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_SECONDS)
    raise TimeoutError(answer.text)


if __name__ == "__main__":
    main()
