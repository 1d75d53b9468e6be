"""What a user was offered to choose from, instead of an answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Choice:
    """An Agent that may be meant, by one of its Capabilities, and the words in which it was offered."""

    agent: str
    capability: str
    words: str

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.agent, self.capability, self.words)

    def to_json(self) -> dict[str, str]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, str]) -> Self:
        """The choice that `to_json` wrote."""
        return cls(values["agent"], values["capability"], values["words"])
