"""How one replica fares, by what happens on its sockets."""

from __future__ import annotations

import asyncio

from lmos.adapters.agents.circuit import Circuit


class Health:
    """A replica's circuit in the loop's time; see `Circuit` for what the events mean."""

    __slots__ = ("_loop", "circuit")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.circuit = Circuit()

    @property
    def admits(self) -> bool:
        """Whether a Turn may go there."""
        return self.circuit.admits(self._loop.time())

    @property
    def pause_seconds(self) -> float:
        """How long it is set aside from now on."""
        return max(0.0, self.circuit.retry_at - self._loop.time())

    def probe(self) -> None:
        """A Turn goes there."""
        self.circuit = self.circuit.probing(self._loop.time())

    def unreachable(self) -> None:
        """It could not be connected to."""
        self.circuit = self.circuit.unreachable(self._loop.time())

    def broken(self) -> None:
        """A socket broke under a Turn."""
        self.circuit = self.circuit.broken(self._loop.time())

    def connected(self) -> None:
        """A socket stands."""
        self.circuit = self.circuit.connected()

    def answered(self) -> None:
        """A Turn was answered."""
        self.circuit = self.circuit.answered()
