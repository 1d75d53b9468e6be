"""How much of what was said is told of single Turns, by Tenant: all of it, masked, or none."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import WITHHELD, AgentResult, AgentResultType, RecordText, handover_status
from lmos.ports.agents import AgentFailed
from lmos.testing.waiting import eventually
from tests.ports.turns import keep
from tests.runtime.rig import BILLS, FAULTS, agent, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lmos.router import RouteDecision
    from lmos.router.decision import StageName
    from lmos.router.inquiry import Inquiry
    from tests.runtime.rig import Rig

BILL = "why is my bill so high, I am jane@example.com, 0171 2345678"
MASKED = "why is my bill so high, I am [e-mail], [phone]"
SECRETS = ("jane", "example.com", "0171", "2345678", "DE89", "bob")
PICTURE = {"mimeType": "image/png", "dataAsBase64": "iVBORw0KGgo=", "source": "https://bob.example/a.png"}
ANSWER = AgentResult.model_validate(
    {
        "messages": [
            {"role": "assistant", "content": "Pay to DE89370400440532013000.", "binaryData": [PICTURE]}
        ],
        "anonymizationEntities": [{"type": "NAME", "value": "bob", "replacement": "P1"}],
        "type": AgentResultType.MESSAGE,
    }
)


class Quoting:
    """A model behind the head whose reasons and questions quote the user."""

    name: StageName = "llm"

    def __init__(self, chosen: str | None) -> None:
        self.chosen = chosen

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision:
        said = f"It says: {inquiry.request.text}"
        return replace(weighed, agent=self.chosen, stage="llm", reason=said, model="quoting")


@asynccontextmanager
async def telling(record_text: str, *, across: bool = False, chosen: str | None = None) -> AsyncIterator[Rig]:
    """A runtime that allows so much to be told."""
    async with running(across=across, record_text=record_text, after_head=[Quoting(chosen)]) as rig:
        rig.agents.answers("billing", ANSWER)
        await rig.serve(
            agent("billing", "billing", "1.0.0", *BILLS),
            agent("network", "network", "1.0.0", *FAULTS),
            routing("billing", "network"),
        )
        yield rig


@pytest.fixture(params=[False, True], ids=["alone", "across"])
def across(request: pytest.FixtureRequest) -> bool:
    """Whether the doors are those of another worker than the Conversation's."""
    return bool(request.param)


async def operators_see(rig: Rig, turn: str = "t1") -> dict[str, Any]:
    found: dict[str, Any] = (await rig.http.get(f"/apis/v1/turns/{turn}")).json()
    return found


async def explained(rig: Rig, path: str = "turns/t1") -> dict[str, Any]:
    found: dict[str, Any] = (await rig.http.get(f"/apis/v1/{path}/explanation")).json()
    return found


async def test_by_default_all_is_told(across: bool) -> None:
    async with telling("", across=across) as rig:
        await rig.ask(BILL, explicit=None)
        told = await operators_see(rig)

    assert (told["question"], told["answer"]) == (BILL, "Pay to DE89370400440532013000.")
    assert told["messages"][0]["binaryData"] == [PICTURE]
    assert not {"text_kept", "text_masked"} & told["decision"].keys()


async def test_masked_words_have_marks_in_place_of_personal_values(across: bool) -> None:
    async with telling("none,acme=masked", across=across) as rig:
        await rig.ask(BILL, explicit=None)
        told, why = await operators_see(rig), await explained(rig)

    assert (told["question"], told["answer"]) == (MASKED, "Pay to [IBAN].")
    assert told["messages"][0]["binaryData"] is None
    assert told["decision"]["text_masked"] is True
    assert " ".join(each["words"] for each in why["words"]) == MASKED
    assert secrets_in((told, why)) == []


async def test_without_words_there_is_only_their_hash(across: bool) -> None:
    async with telling("all,acme=none", across=across) as rig:
        await rig.ask(BILL, explicit=None)
        told, why = await operators_see(rig), await explained(rig)

    assert (told["question"], told["answer"], told["messages"]) == (WITHHELD, WITHHELD, [])
    assert told["decision"]["text_kept"] is False
    assert len(told["decision"]["input_hash"]) == 16
    assert told["decision"]["candidates"]
    assert (why["words"], why["examples"]) == ([], [])
    assert why["notes"] == ["Its Tenant allows no use of what was said."]
    assert secrets_in((told, why)) == []


@pytest.mark.parametrize("chosen", ["billing", None])
@pytest.mark.parametrize("level", ["masked", "none"])
async def test_a_model_that_quotes_the_user_leaves_no_secrets_in_the_kept_decision(
    level: str, chosen: str | None
) -> None:
    async with telling(level, chosen=chosen) as rig:
        await rig.ask("roman emperors of jane@example.com 0171 2345678", explicit=None)
        kept = await rig.store.find("t1")

    assert kept.decision["model"] == "quoting"
    assert secrets_in(kept.decision) == []
    assert ("roman" in str(kept.decision)) == (level == "masked")


async def test_what_an_agent_said_when_it_failed_is_withheld() -> None:
    async with telling("none") as rig:
        rig.agents.fails("billing", AgentFailed("It cannot bill jane."))
        await rig.ask(BILL)
        told = await operators_see(rig)

    assert (told["status"], told["failure"]["message"]) == ("failed", WITHHELD)
    assert secrets_in(told) == []


@pytest.mark.parametrize("level", ["masked", "none"])
async def test_users_read_their_own_conversation_back_as_they_said_it(across: bool, level: str) -> None:
    async with telling(level, across=across) as rig:
        await rig.ask(BILL, explicit=None)
        page = (await rig.http.get("/apis/v1/acme/conversations/c1")).json()
        own = await rig.why()
        again = await rig.http.get("/apis/v1/acme/chat/c1/turns/t1/events")
        whys = await explained(rig, "acme/chat/c1/turns/t1")

    assert page["turns"][0]["question"] == own["question"] == BILL
    assert own["answer"] == "Pay to DE89370400440532013000."
    assert "DE89370400440532013000" in again.text
    assert secrets_in(whys) == []


@pytest.mark.parametrize("level", ["masked", "none"])
async def test_agents_hear_what_was_said_before(level: str) -> None:
    async with telling(level) as rig:
        await rig.ask(BILL)
        await rig.ask("and now?", turn="t2")

    assert rig.heard() == [BILL, "Pay to DE89370400440532013000.", "and now?"]


@pytest.mark.parametrize(
    ("level", "question", "answer"),
    [("masked", MASKED, "Pay to [IBAN]."), ("none", WITHHELD, WITHHELD)],
)
async def test_traces_are_told_no_more_than_operators(level: str, question: str, answer: str) -> None:
    async with telling(level) as rig:
        await rig.ask(BILL)
        turn = rig.traces.turns[0]
        await eventually(lambda: turn.words is not None)

    asked = next(span for span in turn.below if span.is_call)
    assert turn.words == asked.words == (question, answer)


async def test_a_hand_over_keeps_the_level() -> None:
    async with telling("none", chosen="billing") as rig:
        rig.agents.answers("billing", AgentResult(messages=(), status=handover_status("network")))
        rig.agents.answers("network", "All is well")
        await rig.ask("roman emperors of jane@example.com", explicit=None)
        told = await operators_see(rig)

    assert (told["decision"]["agent"], told["decision"]["handed_over_by"]) == ("network", ["billing"])
    assert told["decision"]["text_kept"] is False
    assert secrets_in(told) == []


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ("none", "all", WITHHELD),
        ("all", "none", WITHHELD),
        ("masked", "all", MASKED),
        ("all", "masked", MASKED),
    ],
)
async def test_the_stricter_of_then_and_now_holds(then: str, now: str, expected: str) -> None:
    async with telling(then) as rig:
        await rig.ask(BILL, explicit=None)
        kept = await rig.store.find("t1")
    async with telling(now) as rig:
        await keep(rig.store, kept)
        told = await operators_see(rig)

    assert told["question"] == expected


async def test_a_follow_up_is_not_explained_by_words_that_are_withheld() -> None:
    async with telling("") as rig:
        await rig.ask(BILL, explicit=None)
        first = await rig.store.find("t1")
        await keep(rig.store, replace(first, decision=first.decision | {"text_kept": False}))
        await rig.ask("and show it again please", turn="t2", explicit=None)
        told = await explained(rig, "turns/t2")

    assert told["readWith"] == ""
    assert told["words"]


def test_the_level_is_of_the_tenant() -> None:
    allowed: Callable[[str], Any] = RecordText.parse("masked,acme=none,globex=all").of

    assert [allowed(tenant).value for tenant in ("acme", "globex", "umbrella")] == ["none", "all", "masked"]


def secrets_in(told: object) -> list[str]:
    return [secret for secret in SECRETS if secret in str(told)]
