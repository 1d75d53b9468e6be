"""How Conversations are kept, as the environment says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.sqlite import Durability
from lmos.apps.conversations import HASH_KEY, conversations_in, hash_key_in, record_text, retention
from lmos.apps.data_folder import DataFolderUnusable
from lmos.core.conversation import InvalidRecordText, InvalidRetention, TextLevel
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


def test_all_may_be_told_unless_it_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LMOS_RECORD_TEXT", raising=False)
    assert record_text().of("acme") is TextLevel.ALL

    monkeypatch.setenv("LMOS_RECORD_TEXT", "masked,acme=none")
    assert (record_text().of("acme"), record_text().of("b")) == (TextLevel.NONE, TextLevel.MASKED)

    monkeypatch.setenv("LMOS_RECORD_TEXT", "acme=some")
    with pytest.raises(InvalidRecordText):
        record_text()


def test_a_folder_keeps_one_key_that_nobody_else_can_read(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as workers:
        keys = set(workers.map(hash_key_in, [tmp_path] * 8))

    assert keys == {hash_key_in(tmp_path)}
    assert [(file.name, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()] == [(HASH_KEY, 0o600)]
    assert len(keys.pop()) == 32


def test_installations_have_keys_of_their_own(tmp_path: Path) -> None:
    folders = tmp_path / "ours", tmp_path / "theirs"
    for folder in folders:
        folder.mkdir()

    assert len({hash_key_in(folder) for folder in folders}) == 2


def test_a_folder_without_room_for_a_key_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(DataFolderUnusable, match="cannot be used") as caught:
        hash_key_in(tmp_path / "nowhere")

    assert "--data" in caught.value.hint
