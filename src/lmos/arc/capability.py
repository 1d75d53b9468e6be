"""What an Agent can do, as it tells operators and routers."""

from __future__ import annotations

from dataclasses import dataclass

from lmos.arc.errors import InvalidAgent
from lmos.core.errors import InvalidInput
from lmos.core.versions import Version


@dataclass(frozen=True, slots=True)
class Capability:
    """A named, versioned skill; `examples` are things users say, and they are what routers learn from."""

    name: str
    version: str = "1.0.0"
    description: str = ""
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable():
            raise InvalidAgent(
                f"A Capability cannot be called {self.name!r}.", hint='Choose a printable name: "view-bill".'
            )
        try:
            Version.parse(self.version)
        except InvalidInput as error:
            raise InvalidAgent(
                f"Capability {self.name!r} has the version {self.version!r}.", hint="Write it as 1.2.0."
            ) from error
