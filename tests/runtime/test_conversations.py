"""Conversations: what they remember, which Subset they keep, whom they talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.conversation import as_mapping
from lmos.core.resources import ChannelRouting
from tests.runtime.rig import Rig, body, message, routing

if TYPE_CHECKING:
    import httpx2


def agent_of(response: httpx2.Response) -> str:
    return response.headers["x-lmos-agent"]


async def test_a_question_goes_to_the_agent_whose_examples_it_resembles(rig: Rig) -> None:
    response = await rig.ask("why is my bill so high", explicit=None)

    assert response.json()["content"] == "42 euros"
    assert (agent_of(response), response.headers["x-lmos-stage"]) == ("billing", "vector")
    request = rig.agents.asked[0].request
    assert as_mapping(request.system_context) | {} == {
        "tenantId": "acme",
        "channelId": "web",
        "turnId": "t1",
        "capability": "billing",
        "language": "en",
        "streaming": "true",
    }


async def test_a_follow_up_stays_with_the_agent_that_answered_last(rig: Rig) -> None:
    await rig.ask("why is my bill so high", turn="t1", explicit=None)

    response = await rig.ask("and show it again please", turn="t2", explicit=None)

    assert agent_of(response) == "billing"
    assert rig.heard() == ["why is my bill so high", "42 euros", "and show it again please"]


async def test_a_change_of_topic_goes_to_another_agent(rig: Rig) -> None:
    await rig.ask("why is my bill so high", turn="t1", explicit=None)

    response = await rig.ask("my internet is down", turn="t2", explicit=None)

    assert agent_of(response) == "network"


async def test_the_user_is_asked_back_in_english_when_no_agent_fits(rig: Rig) -> None:
    response = await rig.ask("what do you know about roman emperors", explicit=None)

    assert response.status_code == 200
    assert response.json()["content"].startswith("I am not sure that I can help with that.")
    assert response.json()["anonymizationEntities"] == []
    assert (agent_of(response), response.headers["x-lmos-stage"]) == ("", "clarify")
    assert rig.agents.asked == []


async def test_the_user_is_asked_back_in_german_when_no_agent_fits(rig: Rig) -> None:
    response = await rig.ask("was weißt du über römische Kaiser", explicit=None)

    assert response.json()["content"].startswith("Ich bin nicht sicher, ob ich dabei helfen kann.")


async def test_a_clarifying_question_keeps_the_agent_of_before(rig: Rig) -> None:
    await rig.ask("why is my bill so high", turn="t1", explicit=None)
    await rig.ask("what do you know about roman emperors", turn="t2", explicit=None)

    state = await rig.store.conversation("acme", "c1", 10)

    assert state.agent == "billing"


async def test_an_agent_hears_the_last_turns_and_not_the_failed_ones(rig: Rig) -> None:
    await rig.ask("one", turn="t1")
    await rig.ask("lost", turn="t2", explicit="nobody")
    await rig.ask("two", turn="t3")

    assert rig.heard() == ["one", "42 euros", "two"]


async def test_an_agent_hears_no_more_than_the_last_ten_turns(rig: Rig) -> None:
    for number in range(12):
        await rig.ask(f"question {number}", turn=f"t{number}")

    heard = rig.heard()

    assert len(heard) == 2 * 10 + 1
    assert (heard[0], heard[-1]) == ("question 1", "question 11")


async def test_a_client_that_sends_its_own_history_is_believed(rig: Rig) -> None:
    await rig.ask("kept by us", turn="t1")
    own = body(message("kept by them"), message("I see", "assistant"), "and now", explicit="billing")

    await rig.post(own, headers={"x-turn-id": "t2"})

    assert rig.heard() == ["kept by them", "I see", "and now"]


async def test_conversations_of_two_tenants_with_one_id_know_nothing_of_each_other(rig: Rig) -> None:
    await rig.serve(routing("billing", tenant="globex"))
    await rig.ask("a secret of acme")

    await rig.ask("hello", tenant="globex")

    assert rig.heard() == ["hello"]


async def test_a_conversation_stays_on_the_subset_on_which_it_began(rig: Rig) -> None:
    await rig.serve(routing("billing", "network", subset="canary"))
    await rig.ask("hello", turn="t1", headers={"x-subset": "canary"})

    await rig.ask("again", turn="t2", headers={"x-subset": "stable"})
    await rig.ask("and again", turn="t3")
    await rig.ask("hello", turn="t4", conversation="another")

    assert [each.headers["x-subset"] for each in rig.agents.asked] == ["canary", "canary", "canary", "stable"]


async def test_a_conversation_moves_to_stable_when_its_subset_is_gone(rig: Rig) -> None:
    await rig.serve(routing("billing", "network", subset="canary"))
    await rig.ask("hello", turn="t1", headers={"x-subset": "canary"})

    await rig.remove(ChannelRouting.KIND, "acme-web-canary")
    await rig.ask("again", turn="t2")
    await rig.ask("and again", turn="t3")

    assert rig.agents.asked[-1].headers["x-subset"] == "stable"
    moved = (await rig.why("t2"))["decision"]["moved"]
    assert moved == "Its Subset 'canary' serves the Channel no longer; it goes on in 'stable'."
    assert "moved" not in (await rig.why("t3"))["decision"]


async def test_a_conversation_whose_agent_is_gone_moves_with_a_recorded_reason(rig: Rig) -> None:
    await rig.ask("why is my bill so high", turn="t1", explicit=None)
    await rig.serve(routing("network"))

    await rig.ask("there is no signal", turn="t2", explicit=None)

    decision = (await rig.why("t2"))["decision"]
    assert decision["agent"] == "network"
    assert decision["moved"] == "Its Agent 'billing' serves the Channel no longer."


async def test_a_subset_that_does_not_exist_is_answered_by_stable(rig: Rig) -> None:
    assert (await rig.ask(headers={"x-subset": "blue"})).is_success
    assert rig.agents.asked[0].headers["x-subset"] == "stable"


async def test_an_agent_that_left_the_routing_is_no_longer_asked(rig: Rig) -> None:
    await rig.ask("why is my bill so high", turn="t1", explicit=None)
    await rig.serve(routing("network"))

    response = await rig.ask("and show it again please", turn="t2", explicit=None)

    assert agent_of(response) != "billing"


async def test_an_agent_may_be_asked_to_speak_first(rig: Rig) -> None:
    rig.agents.answers("billing", "Welcome!")
    greeting = await rig.post(body(explicit="billing"), headers={"x-turn-id": "t1"})

    await rig.ask("thank you", turn="t2")

    assert greeting.json()["content"] == "Welcome!"
    assert rig.heard() == ["Welcome!", "thank you"]
