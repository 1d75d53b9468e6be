"""Writes that share a commit: all of them are kept or none, and a writer that fails fails alone."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.sqlite.commits import Commits
from lmos.adapters.sqlite.refusals import Refusals
from lmos.ports.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSERT = "INSERT INTO said VALUES (?, ?)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A commit fails if what is said has no speaker; a statement does if it is said twice."""
    database = sqlite3.connect(tmp_path / "said.db", isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;"
        "CREATE TABLE speakers (name PRIMARY KEY); INSERT INTO speakers VALUES ('ann');"
        "CREATE TABLE said (text PRIMARY KEY, speaker REFERENCES speakers DEFERRABLE INITIALLY DEFERRED);"
    )
    yield database
    database.close()


@pytest.fixture
def commits(database: sqlite3.Connection) -> Commits:
    return Commits(database, Refusals("said.db"))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another process at the same file."""
    other = sqlite3.connect(tmp_path / "said.db", isolation_level=None)
    yield other
    other.close()


def say(
    commits: Commits, database: sqlite3.Connection, *texts: str, speaker: str = "ann"
) -> asyncio.Future[int]:
    """Write texts, all or none; done with how many."""
    return commits.write(lambda: database.executemany(INSERT, [(text, speaker) for text in texts]).rowcount)


def kept_in(tmp_path: Path) -> list[str]:
    """What somebody else reads in the file."""
    with sqlite3.connect(tmp_path / "said.db") as other:
        texts = [text for (text,) in other.execute("SELECT text FROM said ORDER BY text")]
    other.close()
    return texts


async def test_writers_of_one_moment_share_a_commit(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    statements = list[str]()
    database.set_trace_callback(statements.append)

    told = await asyncio.gather(*(say(commits, database, f"{number}") for number in range(5)))

    assert told == [1] * 5
    assert statements.count("COMMIT") == 1
    assert kept_in(tmp_path) == ["0", "1", "2", "3", "4"]


async def test_nobody_is_told_before_the_commit(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    kept = say(commits, database, "hello")

    assert not kept.done()
    assert kept_in(tmp_path) == []
    await kept
    assert kept_in(tmp_path) == ["hello"]


async def test_a_writer_whose_commit_fails_fails_alone(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    told = await asyncio.gather(
        say(commits, database, "hello"),
        say(commits, database, "boo", speaker="nobody"),
        return_exceptions=True,
    )

    assert told[0] == 1
    assert isinstance(told[1], StoreUnavailable)
    assert kept_in(tmp_path) == ["hello"]


async def test_a_writer_that_fails_half_way_keeps_nothing_and_harms_nobody(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    told = await asyncio.gather(
        say(commits, database, "one"),
        say(commits, database, "two", "two"),
        say(commits, database, "three"),
        return_exceptions=True,
    )

    assert [type(each) for each in told] == [int, StoreUnavailable, int]
    assert kept_in(tmp_path) == ["one", "three"]


async def test_those_whose_transaction_was_undone_by_the_system_are_kept_by_another(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    """As SQLite does when the disk is full for a moment."""
    before = say(commits, database, "before")
    commits.write(partial(next, map(database.execute, ("ROLLBACK", "SELECT 1"))))

    assert await before == 1
    assert kept_in(tmp_path) == ["before"]


async def test_an_error_of_the_writer_itself_is_told_to_it_alone(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    broken = commits.write(lambda: 1 // 0)
    fine = say(commits, database, "fine")

    with pytest.raises(ZeroDivisionError):
        await broken
    await fine
    assert kept_in(tmp_path) == ["fine"]


async def test_the_loop_goes_on_while_another_process_writes(
    commits: Commits, database: sqlite3.Connection, other: sqlite3.Connection, tmp_path: Path
) -> None:
    other.execute("BEGIN IMMEDIATE")
    kept = say(commits, database, "hello")
    rounds = 0
    while rounds < 5:
        await asyncio.sleep(0.001)
        rounds += 1
        assert not kept.done()
    other.execute("COMMIT")

    await kept
    assert kept_in(tmp_path) == ["hello"]


async def test_a_file_that_is_never_free_is_refused_in_the_end(
    commits: Commits, database: sqlite3.Connection, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lmos.adapters.sqlite.commits._BUSY_SECONDS", 0.01)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="locked"):
        await say(commits, database, "hello")


async def test_a_writer_that_is_cancelled_takes_nobody_along(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    gone, there = say(commits, database, "one"), say(commits, database, "two")
    gone.cancel()

    await there

    assert gone.cancelled()
    assert kept_in(tmp_path) == ["one", "two"]


async def test_writers_of_a_file_that_is_gone_are_told_so(
    commits: Commits, database: sqlite3.Connection
) -> None:
    kept = say(commits, database, "hello")
    database.close()

    with pytest.raises(StoreUnavailable):
        await kept
