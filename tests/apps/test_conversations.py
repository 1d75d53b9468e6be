"""How Conversations are kept, as the environment says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.sqlite import Durability
from lmos.apps.conversations import conversations_in, retention
from lmos.core.conversation import InvalidRetention
from lmos.core.errors import InvalidInput
from tests.ports.turns import record

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("word", [None, *Durability])
async def test_turns_are_kept_as_durably_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str | None
) -> None:
    if word:
        monkeypatch.setenv("LMOS_DURABILITY", word)

    store = conversations_in(tmp_path)
    await store.begin(record())
    store.close()
    again = conversations_in(tmp_path)
    found = await again.find("t1")
    again.close()

    assert found == record()


def test_only_a_power_cut_needs_a_disk_that_is_waited_for() -> None:
    assert [(each.value, each.synchronous) for each in Durability] == [
        ("process", "NORMAL"),
        ("power", "FULL"),
    ]


def test_a_word_that_means_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMOS_DURABILITY", "earthquake")

    with pytest.raises(InvalidInput, match="LMOS_DURABILITY is 'earthquake'") as caught:
        conversations_in(tmp_path)

    assert caught.value.hint == "Set it to one of process, power."


def test_conversations_are_kept_for_ever_unless_it_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LMOS_RETENTION", raising=False)
    assert not retention().is_limited

    monkeypatch.setenv("LMOS_RETENTION", "30d,acme=7d")
    assert (retention().of("acme"), retention().of("b")) == (timedelta(days=7), timedelta(days=30))

    monkeypatch.setenv("LMOS_RETENTION", "a month")
    with pytest.raises(InvalidRetention):
        retention()
