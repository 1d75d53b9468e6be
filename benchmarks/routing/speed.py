"""How long routing and training take, with nothing encoded before."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.routing.rosters import GROUPINGS, grouped
from benchmarks.routing.tables import milliseconds, print_measured
from lmos.adapters.system import SystemClock
from lmos.apps.encoders import cache_in
from lmos.router import Router, RouteRequest
from lmos.router.caching import CachingEncoder
from lmos.router.kept_heads import head_of
from lmos.router.training import train

if TYPE_CHECKING:
    from lmos.ports.models import Encoder
    from lmos.router import Roster
    from lmos.router.vector import VectorHead

_QUESTIONS = 1_000
_ROUNDS = 3


def print_speed(encoder: Encoder, split: str) -> None:
    """A table for 150 Capabilities with ten examples each."""
    roster, questions = grouped(GROUPINGS["10 examples a Capability"], split)
    cold, warm, kept, head = _training(roster, encoder)
    texts = [question.text for question in questions[:_QUESTIONS]]
    seconds = asyncio.run(routed(roster, head, encoder, texts))
    measured = {
        "training 1,500 examples, encoding included": f"{cold:.2f} s",
        "the same with embeddings in the cache": f"{warm:.2f} s",
        "a restart with the trained head in the cache": f"{kept:.3f} s",
        "route() p50 / p99, one by one, no embedding known": milliseconds(seconds),
    }
    print_measured("150 Capabilities, one thread", measured)


async def routed(roster: Roster, head: VectorHead, encoder: Encoder, texts: list[str]) -> list[float]:
    """Seconds that each decision takes, one after the other."""
    router = Router(encoder, SystemClock())
    router.heads.hold(roster, head)
    await router.route(RouteRequest("the first one loads what is loaded late"), roster)
    decided = [await router.route(RouteRequest(text), roster) for text in texts]
    await router.aclose()
    return [decision.seconds for decision in decided]


def _training(roster: Roster, encoder: Encoder) -> tuple[float, float, float, VectorHead]:
    cold, warm, kept = [], [], []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory(prefix="lmos-bench-") as folder:
            cache = cache_in(Path(folder))
            caching = CachingEncoder(encoder, cache)
            began = time.perf_counter()
            head = train(roster, encoder)
            cold.append(time.perf_counter() - began)
            head_of(roster, caching, cache)
            began = time.perf_counter()
            train(roster, caching)
            warm.append(time.perf_counter() - began)
            began = time.perf_counter()
            head_of(roster, caching, cache)
            kept.append(time.perf_counter() - began)
    assert head is not None
    return statistics.median(cold), statistics.median(warm), statistics.median(kept), head
