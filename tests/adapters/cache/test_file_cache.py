"""A cache in a file is never the reason that something fails."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from lmos.adapters.cache import FileCache

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def test_another_process_finds_what_was_kept(file: Path) -> None:
    FileCache(file).keep({"one": b"1"})

    assert FileCache(file).read(["one"]) == {"one": b"1"}


@pytest.mark.parametrize(
    "damage", [b"no database at all, but longer than a header" * 9, b"", b"SQLite format 3\0"]
)
def test_a_damaged_file_is_thrown_away_and_written_anew(file: Path, damage: bytes) -> None:
    FileCache(file).keep({"one": b"1"})
    file.write_bytes(damage)

    assert FileCache(file).read(["one"]) == {}
    FileCache(file).keep({"one": b"2"})
    assert FileCache(file).read(["one"]) == {"one": b"2"}


def test_pages_that_are_overwritten_lose_what_they_held(file: Path) -> None:
    FileCache(file).keep({f"key-{number}": bytes(3000) for number in range(50)})
    pages = bytearray(file.read_bytes())
    pages[4096:] = b"\xa5" * len(pages[4096:])
    file.write_bytes(pages)

    assert FileCache(file).read(["key-7"]) == {}
    FileCache(file).keep({"key-7": b"new"})
    assert FileCache(file).read(["key-7"]) == {"key-7": b"new"}


def test_a_content_that_changed_is_not_read(file: Path) -> None:
    FileCache(file).keep({"one": b"right", "two": b"right"})
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("UPDATE kept SET content = ? WHERE key = 'one'", (b"wrong",))

    assert FileCache(file).read(["one", "two"]) == {"two": b"right"}


def test_a_file_of_another_make_is_replaced(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("CREATE TABLE kept (key TEXT)")
    FileCache(file).keep({"one": b"1"})

    assert FileCache(file).read(["one"]) == {"one": b"1"}


def test_the_oldest_go_when_there_is_no_more_room(file: Path) -> None:
    cache = FileCache(file, most_bytes=25)
    for name in ("one", "two", "three"):
        cache.keep({name: bytes(10)})

    assert set(cache.read(["one", "two", "three"])) == {"two", "three"}


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = FileCache(tmp_path / "file" / "cache.db")
    cache.keep({"one": b"1"})

    assert cache.read(["one"]) == {}


def test_a_file_that_another_holds_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmos.adapters.cache.file_cache._WAIT_SECONDS", 0)
    FileCache(file).keep({"one": b"1"})
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert FileCache(file).read(["one"]) == {}

    assert FileCache(file).read(["one"]) == {"one": b"1"}
