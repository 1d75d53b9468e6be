"""A clarifying question with something to choose from, and the reply to it, through the HTTP door."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from lmos.adapters.sqlite import SqliteStore
from lmos.testing.cluster import memory_cluster
from tests.router.rosters import BILLS, FAULTS
from tests.runtime.rig import agent, routing, runtime_over

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtime.rig import Rig

BETWEEN_BOTH = "my bill internet connection"
EITHER_OR = "Which do you mean: “About billing” or “About network”?"


async def serve_two(rig: Rig) -> None:
    """The Agents `billing` and `network`, each with enough examples to calibrate by."""
    rig.agents.answers("billing", "42 euros")
    rig.agents.answers("network", "All is well")
    await rig.serve(
        agent("billing", "billing", "1.0.0", *BILLS),
        agent("network", "network", "1.0.0", *FAULTS),
        routing("billing", "network"),
    )


async def test_the_reply_to_an_either_or_question_reaches_the_agent_that_was_meant(bare: Rig) -> None:
    await serve_two(bare)
    asked = await bare.ask(BETWEEN_BOTH, turn="t1", explicit=None)

    answered = await bare.ask("the second one", turn="t2", explicit=None)

    assert asked.json()["content"] == EITHER_OR
    assert answered.json()["content"] == "All is well"
    assert answered.headers["x-lmos-stage"] == "choice"
    assert bare.heard() == [BETWEEN_BOTH, EITHER_OR, "the second one"]


async def test_the_record_says_what_was_offered_and_what_was_chosen(bare: Rig) -> None:
    await serve_two(bare)
    await bare.ask(BETWEEN_BOTH, turn="t1", explicit=None)
    await bare.ask("the bill", turn="t2", explicit=None)

    offered = (await bare.why("t1"))["decision"]["choices"]
    chosen = (await bare.why("t2"))["decision"]

    assert offered == [
        {"agent": "billing", "capability": "billing", "words": "About billing"},
        {"agent": "network", "capability": "network", "words": "About network"},
    ]
    assert (chosen["agent"], chosen["stage"]) == ("billing", "choice")
    assert chosen["reason"] == "The user chose “About billing”."


async def test_once_an_agent_has_answered_nothing_is_on_offer_any_more(bare: Rig) -> None:
    await serve_two(bare)
    await bare.ask(BETWEEN_BOTH, turn="t1", explicit=None)
    await bare.ask("the second one", turn="t2", explicit=None)

    await bare.ask("the first one", turn="t3", explicit=None)

    assert (await bare.why("t3"))["decision"]["stage"] == "follow-up"


async def test_an_agent_that_left_meanwhile_is_not_asked(bare: Rig) -> None:
    await serve_two(bare)
    await bare.ask(BETWEEN_BOTH, turn="t1", explicit=None)
    await bare.serve(routing("billing"))

    answered = await bare.ask("the second one", turn="t2", explicit=None)

    assert answered.headers["x-lmos-agent"] != "network"


async def test_what_was_offered_survives_a_restart(tmp_path: Path) -> None:
    async with memory_cluster() as cluster:
        with closing(SqliteStore(tmp_path / "conversations.db")) as store:
            async with runtime_over(cluster, store) as rig:
                await serve_two(rig)
                await rig.ask(BETWEEN_BOTH, turn="t1", explicit=None)
        with closing(SqliteStore(tmp_path / "conversations.db")) as store:
            async with runtime_over(cluster, store) as rig:
                rig.agents.answers("network", "All is well")

                answered = await rig.ask("the second one", turn="t2", explicit=None)

    assert answered.json()["content"] == "All is well"
    assert answered.headers["x-lmos-stage"] == "choice"
