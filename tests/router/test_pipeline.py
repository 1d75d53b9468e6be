"""In which order stages decide, and what becomes of a stage that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lmos.router import Passed, RouteDecision, Router, RouteRequest, RouterSettings
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lmos.router.decision import StageName
    from lmos.router.inquiry import Inquiry


class Oracle:
    """A stage behind the trained head that knows, or breaks."""

    name: StageName = "llm"

    def __init__(self, agent: str | None = None, error: Exception | None = None) -> None:
        self.agent = agent
        self.error = error
        self.asked: list[RouteDecision] = []

    async def decide(self, inquiry: Inquiry, weighed: RouteDecision) -> RouteDecision:
        self.asked.append(weighed)
        if self.error:
            raise self.error
        return replace(weighed, agent=self.agent, stage=self.name, reason=f"{inquiry.request.text!r}?")


class BrokenEncoder(WordEncoder):
    """Reads the examples, and fails when users speak."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if len(texts) < 5:
            message = "secret words of a user"
            raise MemoryError(message)
        return super().encode(texts)


async def test_a_stage_is_asked_only_when_those_before_it_abstain() -> None:
    oracle = Oracle("network")
    router = Router(WordEncoder(), FrozenClock(), after_head=[oracle])

    sure = await router.route(RouteRequest("how much is my bill"), ROSTER)
    unsure = await router.route(RouteRequest("what should I cook for dinner"), ROSTER)

    assert (sure.agent, sure.stage, sure.passed) == ("billing", "vector", ())
    assert (unsure.agent, unsure.stage) == ("network", "llm")
    assert [passed.stage for passed in unsure.passed] == ["vector"]
    assert [weighed.stage for weighed in oracle.asked] == ["vector"]
    assert oracle.asked[0].candidates


async def test_a_stage_that_fails_is_passed_over_and_named() -> None:
    router = Router(WordEncoder(), FrozenClock(), after_head=[Oracle(error=OSError("what users said"))])

    decision = await router.route(RouteRequest("what should I cook for dinner"), ROSTER)

    assert (decision.agent, decision.stage) == (None, "clarify")
    assert decision.passed[-1] == Passed("llm", "OSError", has_failed=True)
    assert decision.question


async def test_without_an_encoder_the_next_stage_decides() -> None:
    router = Router(BrokenEncoder(), FrozenClock(), after_head=[Oracle("network")])

    decision = await router.route(RouteRequest("how much is my bill"), ROSTER)

    assert (decision.agent, decision.stage) == ("network", "llm")
    assert decision.passed == (Passed("vector", "MemoryError", has_failed=True),)


@pytest.mark.parametrize(
    ("stages", "expected"),
    [({"vector"}, "vector"), ({"llm"}, "llm"), (set(), "clarify")],
)
async def test_a_channel_may_leave_stages_out(stages: set[str], expected: str) -> None:
    router = Router(WordEncoder(), FrozenClock(), after_head=[Oracle("billing")])
    settings = RouterSettings.model_validate({"stages": stages})

    decision = await router.route(RouteRequest("how much is my bill"), replace(ROSTER, settings=settings))

    assert decision.stage == expected


async def test_a_decision_says_what_it_was_made_of() -> None:
    router = Router(WordEncoder(), FrozenClock())

    decision = await router.route(RouteRequest("how much is my bill"), ROSTER)

    assert decision.encoder == WordEncoder().name
    assert decision.head == ROSTER.fingerprint
    assert decision.input_hash == "f973236cdd721988"


async def test_the_hash_of_a_message_is_the_same_by_the_same_key_alone() -> None:
    async def hashed(key: bytes, text: str = "how much is my bill") -> str:
        router = Router(WordEncoder(), FrozenClock(), hash_key=key)
        return (await router.route(RouteRequest(text, explicit_agent="billing"), ROSTER)).input_hash

    assert await hashed(b"ours") == await hashed(b"ours")
    assert len({await hashed(b"ours"), await hashed(b"theirs"), await hashed(b"ours", "show my bill")}) == 3
