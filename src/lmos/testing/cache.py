"""A cache in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class MemoryCache:
    """Keeps everything for as long as it lives; `contents` may be looked into and changed."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def read(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is there of `keys`."""
        return {key: self.contents[key] for key in keys if key in self.contents}

    def keep(self, contents: Mapping[str, bytes]) -> None:
        """Keep each content by its key."""
        self.contents.update(contents)
