"""A restart with unchanged Agents encodes nothing and trains nothing."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from lmos.router import Roster
from lmos.router.caching import CachingEncoder
from lmos.router.heads import HeadKeeper
from lmos.router.kept_heads import head_from_bytes, head_of, head_to_bytes
from lmos.router.training import train
from lmos.router.vector import VectorHead
from lmos.testing.cache import MemoryCache
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Listing(WordEncoder):
    """Lists what it was asked for."""

    def __init__(self, name: str = "listing") -> None:
        self.name = name
        self.asked: list[str] = []

    def encode(self, texts: "Sequence[str]") -> "NDArray[np.float32]":
        self.asked += texts
        return super().encode(texts)


async def head_after_restart(roster: Roster, encoder: Listing, cache: MemoryCache) -> VectorHead:
    keeper = HeadKeeper(encoder, cache)
    head = await keeper.head_for(roster)
    await keeper.aclose()
    assert head is not None
    return head


async def test_unchanged_agents_are_not_learned_again() -> None:
    cache, restarted = MemoryCache(), Listing()
    first = await head_after_restart(ROSTER, Listing(), cache)
    again = await head_after_restart(ROSTER, restarted, cache)

    assert restarted.asked == []
    np.testing.assert_array_equal(again.head.weights, first.head.weights)
    assert (again.labels, again.agents, again.thresholds) == (first.labels, first.agents, first.thresholds)


async def test_of_changed_agents_only_what_is_new_is_encoded() -> None:
    cache, restarted = MemoryCache(), Listing()
    await head_after_restart(ROSTER, Listing(), cache)
    fewer = Roster(ROSTER.key, ROSTER.agents[:1])

    assert len((await head_after_restart(fewer, restarted, cache)).labels) == 1
    assert restarted.asked == []


def test_another_encoder_shares_nothing() -> None:
    cache, other = MemoryCache(), Listing("another")
    head_of(ROSTER, CachingEncoder(Listing(), cache), cache)
    head_of(ROSTER, CachingEncoder(other, cache), cache)

    examples = {text for agent in ROSTER.agents for can in agent.capabilities for text in can.examples}
    assert set(other.asked) >= examples


def test_a_text_is_encoded_once_and_comes_out_the_same() -> None:
    cache, encoder = MemoryCache(), Listing()
    CachingEncoder(encoder, cache).encode(["a bill", "a fault", "a bill"])
    rows = CachingEncoder(encoder, cache).encode(["a fault", "a contract", "a bill"])

    assert encoder.asked == ["a bill", "a fault", "a contract"]
    np.testing.assert_array_equal(rows, WordEncoder().encode(["a fault", "a contract", "a bill"]))


@pytest.mark.parametrize("damage", [b"no archive", b"", b"PK\x03\x04"])
async def test_a_kept_head_that_cannot_be_read_is_trained_again(damage: bytes) -> None:
    cache = MemoryCache()
    first = await head_after_restart(ROSTER, Listing(), cache)
    (key,) = (key for key in cache.contents if key.startswith("head-"))
    cache.contents[key] = damage

    again = await head_after_restart(ROSTER, Listing(), cache)

    np.testing.assert_array_equal(again.head.weights, first.head.weights)
    assert cache.contents[key] != damage


def test_a_head_is_read_as_it_was_written() -> None:
    head = train(ROSTER, WordEncoder())
    assert head is not None
    read = head_from_bytes(head_to_bytes(head))

    assert read is not None
    judged = [
        each.judge("my bill", WordEncoder().encode(["my bill"])[0], ROSTER.names) for each in (head, read)
    ]
    assert judged[0] == judged[1]


def test_a_roster_without_capabilities_has_no_head_and_keeps_none() -> None:
    cache = MemoryCache()

    assert head_of(Roster("empty", ()), WordEncoder(), cache) is None
    assert cache.contents == {}
