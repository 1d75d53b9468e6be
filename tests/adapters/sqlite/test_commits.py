"""Writes that share a commit: all of them are kept or none, and a writer that fails fails alone."""

from __future__ import annotations

import asyncio
import sqlite3
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


async def say(commits: Commits, *texts: str, speaker: str = "ann") -> None:
    with commits.together():
        for text in texts:
            commits.execute(INSERT, (text, speaker))
    await commits.kept()


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

    await asyncio.gather(*(say(commits, f"{number}") for number in range(5)))

    assert statements.count("COMMIT") == 1
    assert kept_in(tmp_path) == ["0", "1", "2", "3", "4"]


async def test_nobody_is_told_before_the_commit(commits: Commits, tmp_path: Path) -> None:
    commits.execute(INSERT, ("hello", "ann"))
    kept = commits.kept()

    assert not kept.done()
    assert kept_in(tmp_path) == []
    await kept
    assert kept_in(tmp_path) == ["hello"]


async def test_all_who_share_a_commit_that_fails_are_refused_and_nothing_is_kept(
    commits: Commits, tmp_path: Path
) -> None:
    told = await asyncio.gather(
        say(commits, "hello"), say(commits, "boo", speaker="nobody"), return_exceptions=True
    )

    assert [type(each) for each in told] == [StoreUnavailable, StoreUnavailable]
    assert kept_in(tmp_path) == []
    await say(commits, "hello again")
    assert kept_in(tmp_path) == ["hello again"]


async def test_a_writer_that_fails_half_way_keeps_nothing_and_harms_nobody(
    commits: Commits, tmp_path: Path
) -> None:
    told = await asyncio.gather(
        say(commits, "one"), say(commits, "two", "two"), say(commits, "three"), return_exceptions=True
    )

    assert [type(each) for each in told] == [type(None), sqlite3.IntegrityError, type(None)]
    assert kept_in(tmp_path) == ["one", "three"]


async def test_those_whose_transaction_was_undone_by_the_system_are_refused(
    commits: Commits, database: sqlite3.Connection, tmp_path: Path
) -> None:
    """As SQLite does when the disk is full."""
    lost = asyncio.create_task(say(commits, "lost"))
    await asyncio.sleep(0)
    database.execute("ROLLBACK")

    later = asyncio.create_task(say(commits, "later"))

    with pytest.raises(StoreUnavailable):
        await lost
    await later
    assert kept_in(tmp_path) == ["later"]


async def test_a_writer_that_is_cancelled_takes_nobody_along(commits: Commits, tmp_path: Path) -> None:
    tasks = [asyncio.create_task(say(commits, text)) for text in ("one", "two")]
    await asyncio.sleep(0)
    tasks[0].cancel()

    await tasks[1]

    assert tasks[0].cancelled()
    assert kept_in(tmp_path) == ["one", "two"]
