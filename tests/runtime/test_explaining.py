"""What mattered for where a Turn went, told behind its record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.resources import ChannelRouting
from lmos.router import RouteDecision
from tests.ports.turns import answered, keep, record
from tests.runtime.rig import agent, routing

if TYPE_CHECKING:
    from tests.runtime.rig import Rig

BILL = "why is my bill so high"
PATHS = ("/apis/v1/turns/t1", "/apis/v1/acme/chat/c1/turns/t1", "/lmos/runtime/apis/v1/turns/t1")


async def explained(rig: Rig, turn: str = "t1") -> dict[str, Any]:
    response = await rig.http.get(f"/apis/v1/turns/{turn}/explanation")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.parametrize("path", PATHS)
async def test_words_and_examples_are_told_by_either_path(rig: Rig, path: str) -> None:
    await rig.ask(BILL, explicit=None)

    told = (await rig.http.get(f"{path}/explanation")).json()

    assert (told["turn"], told["agent"], told["capability"]) == ("t1", "billing", "billing")
    falls = {each["words"]: each["logOddsFall"] for each in told["words"]}
    assert list(falls) == BILL.split()
    assert falls["bill"] > 0
    assert told["examples"][0] == {
        "agent": "billing",
        "capability": "billing",
        "text": BILL,
        "similarity": pytest.approx(1.0, abs=0.001),
    }
    assert {each["agent"] for each in told["examples"]} == {"billing", "network"}
    assert told["notes"] == []


async def test_it_weighs_as_the_decision_did(rig: Rig) -> None:
    await rig.ask(BILL, explicit=None)

    told, decision = await explained(rig), (await rig.why())["decision"]

    assert told["probability"] == pytest.approx(decision["probability"], abs=0.001)
    assert told["familiarity"] == pytest.approx(decision["familiarity"], abs=0.001)
    assert told["head"] == told["decidedBy"] == decision["head"]


async def test_a_record_tells_what_the_decision_was_made_of(rig: Rig) -> None:
    await rig.ask("what do you know about roman emperors", explicit=None)

    decision = (await rig.why())["decision"]

    assert decision.keys() >= {
        *("input_hash", "encoder", "model", "tokens", "head", "candidates", "threshold", "probability"),
        *("familiarity", "familiarity_threshold", "stage", "passed", "seconds", "routing_version", "choices"),
    }
    assert [each["stage"] for each in decision["passed"]] == ["vector"]
    assert decision["encoder"] == "words-256"
    assert len(decision["input_hash"]) == 16


async def test_a_follow_up_is_told_with_the_message_that_it_goes_on_with(rig: Rig) -> None:
    await rig.ask(BILL, explicit=None)
    await rig.ask("lost", turn="t2", explicit="nobody")
    await rig.ask("and show it again please", turn="t3", explicit=None)

    told = await explained(rig, "t3")

    assert (told["agent"], told["readWith"]) == ("billing", BILL)
    assert [each["words"] for each in told["words"]] == "and show it again please".split()


async def test_a_turn_that_names_its_agent_was_not_weighed(rig: Rig) -> None:
    await rig.ask()

    told = await explained(rig)

    assert (told["words"], told["examples"]) == ([], [])
    assert told["notes"] == ["The caller named the Agent; the text was not weighed."]


async def test_changed_agents_explain_what_those_of_before_decided(rig: Rig) -> None:
    await rig.ask(BILL, explicit=None)
    before = (await explained(rig))["head"]
    await rig.serve(agent("billing", "billing", "1.0.0", "pay my bill", "why is my bill wrong"))
    await rig.ask(BILL, explicit=None, turn="t2")
    await rig.turns._router.heads.settled()  # noqa: SLF001 - no door tells of it

    told = await explained(rig)

    assert told["decidedBy"] == before != told["head"]
    assert told["notes"] == [f"Head {before} has decided; this is by the head as it is now, {told['head']}."]


async def test_a_channel_that_is_gone_explains_nothing(rig: Rig) -> None:
    await rig.ask(BILL, explicit=None)
    await rig.remove(ChannelRouting.KIND, "acme-web-stable")

    told = await explained(rig)

    assert (told["words"], told["notes"]) == ([], ["Its Channel is served no longer."])


async def test_a_turn_that_was_never_routed_explains_nothing(bare: Rig) -> None:
    await keep(bare.store, replace(answered(record()), decision={}))

    assert (await explained(bare))["notes"] == ["No Agent was chosen yet."]


async def test_a_record_of_before_there_were_newer_fields_is_explained(rig: Rig) -> None:
    await keep(rig.store, replace(answered(record(question=BILL)), decision=OLD))

    assert (await explained(rig))["agent"] == "billing"


OLD = {"agent": "billing", "stage": "vector", "reason": "It fits.", "head": "old"}


async def test_a_conversation_of_a_canary_is_explained_by_its_agents(rig: Rig) -> None:
    await rig.serve(routing("network", subset="canary"))
    await rig.ask("there is no signal", explicit=None, headers={"x-subset": "canary"})

    told = await explained(rig)

    assert told["agent"] == "network"
    assert {(each["agent"], each["capability"]) for each in told["examples"]} == {
        ("network", "network"),
        ("", "billing"),
    }


@pytest.mark.parametrize("path", PATHS)
async def test_an_unknown_turn_is_not_found(rig: Rig, path: str) -> None:
    response = await rig.http.get(f"{path}/explanation")

    assert (response.status_code, response.json()["code"]) == (404, "NoSuchTurn")


async def test_nothing_of_an_explanation_is_kept(rig: Rig) -> None:
    await rig.ask(BILL, explicit=None)
    before = await rig.why()

    await explained(rig)

    assert await rig.why() == before
    assert isinstance(RouteDecision.from_json(before["decision"]), RouteDecision)
