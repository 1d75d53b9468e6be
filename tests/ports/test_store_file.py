"""The file of Conversations: kept through kills and restarts, and what is said when it cannot be used."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lmos.adapters.sqlite import SqliteStore
from lmos.core.conversation import TurnStatus
from lmos.ports.store import Begun, StoreUnavailable
from tests.ports.turns import answered, keep, record

WRITER = Path(__file__).with_name("store_writer.py")


async def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "conversations.db")
    await keep(first, answered(record()))
    first.close()

    second = SqliteStore(tmp_path / "conversations.db")
    found = await second.find("t1"), await second.conversation("acme", "c1", 10)
    second.close()

    assert found[0] == answered(record())
    assert found[1] is not None


@pytest.mark.parametrize("after", [0, 1, 50, 333])
async def test_a_killed_process_loses_nothing_that_it_has_acknowledged(tmp_path: Path, after: int) -> None:
    """The writer says each write after it returned; it is killed in the middle of the next ones."""
    path = tmp_path / "conversations.db"
    acknowledged = killed_after(after, path)

    store = SqliteStore(path)
    for turn in acknowledged["begun"]:
        assert await store.find(turn) is not None
    for turn in acknowledged["finished"]:
        found = await store.find(turn)
        assert found is not None
        assert (found.turn.status, found.answer) == (TurnStatus.ANSWERED, {"content": "a" * 500})
    store.close()


def killed_after(lines: int, path: Path) -> dict[str, list[str]]:
    """The Turns that a writer has said to be begun and finished, when it was killed after some lines."""
    writer = subprocess.Popen([sys.executable, str(WRITER), str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(lines + 1)]
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.read().splitlines(keepends=True)
    writer.wait()
    writer.stdout.close()
    whole = [line.split() for line in said if line.endswith("\n")]
    return {word: [turn for said_word, turn in whole if said_word == word] for word in ("begun", "finished")}


def refusal(path: Path) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as caught:
        SqliteStore(path)
    return caught.value


def test_a_file_that_is_no_database_is_reported_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    path.write_bytes(b"not a database at all" * 1000)

    error = refusal(path)

    assert str(path) in error.message
    assert "move it away" in error.hint


async def read_all(store: SqliteStore) -> None:
    for number in range(200):
        await store.find(f"t{number}")


async def test_a_damaged_file_is_reported_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    store = SqliteStore(path)
    for number in range(200):
        await keep(store, answered(record(f"t{number}"), "x" * 500))
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(40 * 4096))

    store = SqliteStore(path)
    with pytest.raises(StoreUnavailable) as caught:
        await read_all(store)
    store.close()

    assert "damaged" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to files that nobody may write to")
async def test_a_file_that_may_not_be_written_is_reported_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    SqliteStore(path).close()
    path.chmod(0o400)
    tmp_path.chmod(0o500)

    store = SqliteStore(path)
    with pytest.raises(StoreUnavailable) as caught:
        await store.begin(record())
    store.close()

    assert "writable" in caught.value.hint


def test_a_folder_that_does_not_exist_is_reported_with_what_to_do(tmp_path: Path) -> None:
    assert "--data" in refusal(tmp_path / "nowhere" / "conversations.db").hint


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=99")
    database.close()

    error = refusal(path)

    assert "newer LMOS (version 99" in error.message
    assert "Upgrade" in error.hint


async def test_a_file_that_another_process_holds_is_reported_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    store = SqliteStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreUnavailable) as caught:
        await store.begin(record())
    other.execute("ROLLBACK")
    other.close()

    assert "other process" in caught.value.hint
    assert await store.begin(record()) == Begun()
    store.close()


def test_a_file_that_may_not_grow_refuses_new_turns_and_keeps_the_old_ones(tmp_path: Path) -> None:
    """A limit on file sizes stands for a disk that fills up: the writer hits it and says so."""
    path = tmp_path / "conversations.db"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    told = subprocess.run(
        [sys.executable, str(WRITER), str(path)],
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
        timeout=60,
    )

    lines = told.stdout.splitlines()
    assert lines[-1].startswith("StoreUnavailable"), told.stderr
    assert "is it full" in lines[-1]
    finished = sum(line.startswith("finished") for line in lines)
    assert finished > 10
    with sqlite3.connect(path) as database:
        (answers,) = database.execute("SELECT count(*) FROM turns WHERE answer IS NOT NULL").fetchone()
    database.close()
    assert answers == finished


async def test_of_a_forgotten_conversation_nothing_is_left_in_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "conversations.db")
    for number in range(30):
        said = answered(
            record(f"t{number}", question=f"my secret garden {number}"), f"roses and thorns {number}"
        )
        await keep(store, said)
        await keep(store, answered(record(f"o{number}", conversation="c2"), "something else"))
    before = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    await store.forget("acme", "c1")

    after = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    store.close()
    assert b"secret garden" in before
    assert b"secret garden" not in after
    assert b"roses and thorns" not in after
    assert b"something else" in after


async def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    store = SqliteStore(path)
    await keep(store, answered(record()))
    store.close()
    database = sqlite3.connect(path)
    database.executescript(
        "DROP INDEX turns_of_conversations; PRAGMA user_version=1;"
        "ALTER TABLE conversations DROP COLUMN choices;"
        "CREATE INDEX answered_turns ON turns (tenant, conversation) WHERE answer IS NOT NULL;"
    )
    database.close()

    store = SqliteStore(path)
    found = await store.turns("acme", "c1", 10)
    store.close()

    assert [each for _, each in found] == [answered(record())]
