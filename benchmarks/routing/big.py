"""
A large installation: 500 Agents with ten Capabilities each, ten examples a Capability.

    python -m benchmarks.routing.big [--encoder tfidf]

Prints one JSON object. Texts are sentences of CLINC150's training split in which words are exchanged for a
Capability's own; everything is drawn with one seed. Run it as a process of its own: its peak memory is one of
the figures. Numpy calculates on one thread.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import time
from collections import defaultdict

from lmos.apps.arithmetic import on_one_thread

with on_one_thread():
    from benchmarks.routing.rosters import DATA
    from benchmarks.routing.speed import routed
    from benchmarks.routing.tables import milliseconds
    from lmos.apps.encoders import EncoderKind, encoder_of
    from lmos.router import Roster, RosterAgent, RosterCapability
    from lmos.router.training import train

AGENTS, CAPABILITIES, EXAMPLES = 500, 10, 10
_QUESTIONS = 500
_OWN_WORDS = 3
_SHORTEST_WORD = 4
_SEED = 11


def main() -> None:
    """Train, route, and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", choices=list(EncoderKind), default=EncoderKind.USE)
    encoder = encoder_of({"LMOS_ENCODER": parser.parse_args().encoder})
    roster, questions = big_roster()
    before = _peak_megabytes()
    began = time.perf_counter()
    head = train(roster, encoder)
    trained = time.perf_counter() - began
    assert head is not None
    peak = _peak_megabytes()
    texts = [text for text, _ in questions]
    seconds = asyncio.run(routed(roster, head, encoder, texts))
    judged = [head.judge(text, encoder.encode([text])[0], roster.names) for text in texts]
    right = sum(found.agent == agent for found, (_, agent) in zip(judged, questions, strict=True))
    report = {
        "Agents, Capabilities, examples": f"{AGENTS}, {len(head.labels)}, {len(head.labels) * EXAMPLES}",
        "trained, encoding included": f"{trained:.1f} s",
        "peak memory before and after": f"{before}, {peak} MB",
        "route() p50 / p99": milliseconds(seconds),
        "questions with the right Agent": f"{100 * right / len(questions):.1f} %",
    }
    print(json.dumps(report))


def big_roster() -> tuple[Roster, list[tuple[str, str]]]:
    """The Agents, and questions that are no examples with the Agent that each is for."""
    chance = random.Random(_SEED)
    written: defaultdict[str, list[str]] = defaultdict(list)
    for text, intent in json.loads((DATA / "data_full.json").read_text())["train"]:
        written[intent].append(text)
    sentences = list(written.values())
    words = sorted(
        {
            word
            for group in sentences
            for text in group
            for word in text.split()
            if len(word) >= _SHORTEST_WORD
        }
    )
    agents, questions = [], []
    for number in range(AGENTS):
        name = f"agent-{number}"
        capabilities = []
        for which in range(CAPABILITIES):
            own = chance.sample(words, _OWN_WORDS)
            said = chance.sample(chance.choice(sentences), EXAMPLES + 1)
            texts = [_exchanged(text, own, chance) for text in said]
            capabilities.append(RosterCapability(f"skill-{which}", "", tuple(texts[:EXAMPLES])))
            questions.append((texts[-1], name))
        agents.append(RosterAgent(name, "", tuple(capabilities)))
    return Roster("big", tuple(agents)), chance.sample(questions, _QUESTIONS)


def _exchanged(text: str, own: list[str], chance: random.Random) -> str:
    """A sentence with two of its words exchanged for a Capability's own."""
    words = text.split()
    for place, word in zip(
        chance.sample(range(len(words)), min(2, len(words))), chance.sample(own, 2), strict=False
    ):
        words[place] = word
    return " ".join(words)


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
