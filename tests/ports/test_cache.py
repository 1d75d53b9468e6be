"""What every cache does, on disk and in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.adapters.cache import FileCache
from lmos.testing.cache import MemoryCache

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.ports.cache import Cache


@pytest.fixture(params=["file", "memory"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return FileCache(tmp_path / "new" / "cache.db") if request.param == "file" else MemoryCache()


def test_what_is_kept_is_read_as_it_was(cache: Cache) -> None:
    cache.keep({"one": b"\x00\xff", "two": b""})

    assert cache.read(["two", "one", "three"]) == {"one": b"\x00\xff", "two": b""}


def test_nothing_is_read_of_nothing(cache: Cache) -> None:
    cache.keep({})

    assert cache.read([]) == cache.read(["one"]) == {}


def test_many_are_read_at_once(cache: Cache) -> None:
    contents = {f"key-{number}": str(number).encode() for number in range(2000)}
    cache.keep(contents)

    assert cache.read(list(contents)) == contents
