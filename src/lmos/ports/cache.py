"""What was computed once and need not be computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Cache(Protocol):
    """
    Keeps bytes by key from one run to the next, or loses them.

    A key says everything that its content depends on, so that content never changes. Methods do not fail:
    what cannot be read is not there, what cannot be kept is lost. They may be called from several threads.
    """

    def read(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is there of `keys`, exactly as it was kept."""
        ...

    def keep(self, contents: Mapping[str, bytes]) -> None:
        """Keep each content by its key, for as long as there is room."""
        ...
