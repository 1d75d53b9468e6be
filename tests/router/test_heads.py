"""Heads are trained once for what they are trained on."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from lmos.ports.models import EncoderUnavailable
from lmos.router.heads import HeadKeeper
from lmos.router.roster import Roster, RosterAgent, RosterCapability
from lmos.testing.encoder import WordEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class CountingEncoder(WordEncoder):
    """Counts how often something is trained."""

    def __init__(self) -> None:
        self.calls = 0

    def encode(self, texts: "Sequence[str]") -> "NDArray[np.float32]":
        self.calls += 1
        return super().encode(texts)


def roster(*capabilities: str, version: str = "1") -> Roster:
    can = tuple(RosterCapability(name, name, (f"do {name}", f"please {name}")) for name in capabilities)
    return Roster("default/web", (RosterAgent("agent", "", can),), version)


async def test_a_routing_with_the_same_content_is_not_trained_again() -> None:
    encoder = CountingEncoder()
    keeper = HeadKeeper(encoder)

    first = await keeper.head_for(roster("bill", "fault"))
    second = await keeper.head_for(roster("bill", "fault", version="2"))

    assert first is second
    assert encoder.calls == 1
    await keeper.aclose()


async def test_the_old_head_answers_until_the_new_one_is_trained() -> None:
    keeper = HeadKeeper(WordEncoder())
    old = await keeper.head_for(roster("bill"))

    during = await keeper.head_for(roster("bill", "fault"))
    await asyncio.wait_for(keeper.settled(), 10)
    new = await keeper.head_for(roster("bill", "fault"))

    assert during is old
    assert new is not None
    assert len(new.labels) == 2
    await keeper.aclose()


async def test_of_several_changes_in_a_row_the_last_wins() -> None:
    keeper = HeadKeeper(WordEncoder())
    for number in range(5):
        keeper.refresh(roster("bill", f"fault-{number}"))

    head = await keeper.head_for(roster("bill", "fault-4"))

    assert head is not None
    assert head.labels[-1] == ("agent", "fault-4")
    await keeper.aclose()


async def test_whoever_waits_for_a_head_that_is_forgotten_gets_none() -> None:
    keeper = HeadKeeper(WordEncoder())
    waiting = asyncio.create_task(keeper.head_for(roster("bill")))
    await asyncio.sleep(0)

    keeper.forget("default/web")

    assert await asyncio.wait_for(waiting, 10) is None
    assert keeper.training == ()
    await keeper.aclose()


class FailingEncoder(WordEncoder):
    """A server that is away, until it is back."""

    is_away = True

    def encode(self, texts: "Sequence[str]") -> "NDArray[np.float32]":
        if self.is_away:
            raise EncoderUnavailable("It is away.")
        return super().encode(texts)


async def test_an_encoder_that_is_away_is_told_and_tried_again() -> None:
    encoder = FailingEncoder()
    keeper = HeadKeeper(encoder)

    for _ in range(2):
        with pytest.raises(EncoderUnavailable):
            await keeper.head_for(roster("bill"))
    encoder.is_away = False

    assert await keeper.head_for(roster("bill")) is not None
    await keeper.aclose()


async def test_having_had_no_capabilities_does_not_hide_that_the_encoder_is_away() -> None:
    keeper = HeadKeeper(FailingEncoder())
    await keeper.head_for(roster())
    await keeper.head_for(roster("bill"))
    await asyncio.wait_for(keeper.settled(), 10)

    with pytest.raises(EncoderUnavailable):
        await keeper.head_for(roster("bill"))
    await keeper.aclose()


async def test_where_the_encoder_is_away_the_old_head_goes_on() -> None:
    encoder = FailingEncoder()
    encoder.is_away = False
    keeper = HeadKeeper(encoder)
    old = await keeper.head_for(roster("bill"))

    encoder.is_away = True
    for _ in range(3):
        assert await keeper.head_for(roster("bill", "fault")) is old
        await asyncio.wait_for(keeper.settled(), 10)
    encoder.is_away = False
    await keeper.head_for(roster("bill", "fault"))
    await asyncio.wait_for(keeper.settled(), 10)

    assert await keeper.head_for(roster("bill", "fault")) is not old
    await keeper.aclose()
