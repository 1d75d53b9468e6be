"""Open lines to Agents, kept as far as each Agent allows."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from lmos.adapters.agents.line import Line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.adapters.agents.settings import Limits
    from lmos.core.resources.endpoint import Address

MAX_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Target:
    """One replica of an Agent under one Subset; lines are shared within a target only."""

    address: Address
    host: str
    port: int
    subset: str | None


class Manner(Enum):
    """What a target was seen to do with a socket after a Turn."""

    UNKNOWN = auto()
    KEEPS = auto()
    ONE_TURN = auto()


class LineFailed(Exception):
    """No line could be opened."""


class Pool:
    """Leases lines; `limits` says how many Turns share one and how long it is kept."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines: dict[Target, list[Line]] = {}
        self._manners: dict[Target, Manner] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLContext | None = None

    async def lease(self, target: Target, headers: Mapping[str, str], connect_seconds: float) -> Line:
        """
        An open line on which a Turn may begin; subscribe before the next `await`.

        Raises:
            LineFailed: It could not be opened within `connect_seconds`.
        """
        kept = self._kept(target)
        return kept or await self._open(target, headers, connect_seconds)

    def give_back(self, target: Target, line: Line) -> None:
        """End a lease; the line is closed where the target takes one Turn a socket."""
        if line.turns == 0 and (line.is_retired or self._manners.get(target) is Manner.ONE_TURN):
            line.close()
        self._schedule_sweep()

    async def aclose(self) -> None:
        """Close all lines."""
        if self._sweep is not None:
            self._sweep.cancel()
        lines = [line for lines in self._lines.values() for line in lines]
        for line in lines:
            line.close()
        if lines:
            await asyncio.wait([line.gone for line in lines], timeout=1.0)

    def _kept(self, target: Target) -> Line | None:
        manner = self._manners.get(target, Manner.UNKNOWN)
        if manner is Manner.ONE_TURN:
            return None
        lines = [line for line in self._lines.get(target, ()) if not line.is_retired]
        idle = next((line for line in lines if line.turns == 0 and self._has_settled(line, manner)), None)
        if idle is not None:
            self._learn(target, Manner.KEEPS)
            return idle
        if manner is not Manner.KEEPS:
            return None
        shared = [line for line in lines if line.is_shareable and line.turns < self._limits.turns_a_socket]
        return min(shared, key=lambda line: line.turns, default=None)

    def _has_settled(self, line: Line, manner: Manner) -> bool:
        rested = asyncio.get_running_loop().time() - line.idle_since
        return manner is Manner.KEEPS or rested >= self._limits.settle_seconds

    async def _open(self, target: Target, headers: Mapping[str, str], connect_seconds: float) -> Line:
        line = Line(target.address, headers, self._limits, lambda gone: self._broken(target, gone))
        secure = target.address.scheme == "https"
        try:
            async with asyncio.timeout(connect_seconds):
                await asyncio.get_running_loop().create_connection(
                    lambda: line,
                    target.host,
                    target.port,
                    ssl=self._tls_context() if secure else None,
                    server_hostname=target.address.host if secure else None,
                )
                await line.ready
        except TimeoutError as error:
            raise LineFailed(f"it did not connect within {connect_seconds:g} s") from error
        except (OSError, ValueError) as error:
            # A host name that cannot be encoded is a ValueError.
            raise LineFailed(getattr(error, "strerror", None) or str(error)) from error
        finally:
            if not line.ready.done() or line.ready.cancelled():
                line.close()
        if line.broken is not None:
            raise LineFailed(line.broken.reason)
        self._lines.setdefault(target, []).append(line)
        return line

    def _tls_context(self) -> ssl.SSLContext:
        self._tls = self._tls or ssl.create_default_context()
        return self._tls

    def _broken(self, target: Target, line: Line) -> None:
        lines = self._lines.get(target, [])
        if line in lines:
            lines.remove(line)
        if not lines:
            self._lines.pop(target, None)
        rested = asyncio.get_running_loop().time() - line.idle_since
        left_after_turn = line.turns == 0 and line.turns_served == 1 and rested < self._limits.settle_seconds
        if line.is_refusal or (left_after_turn and not line.closed_by_us):
            self._learn(target, Manner.ONE_TURN)

    def _learn(self, target: Target, manner: Manner) -> None:
        if len(self._manners) >= MAX_REMEMBERED and target not in self._manners:
            del self._manners[next(iter(self._manners))]
        self._manners[target] = manner

    def _schedule_sweep(self) -> None:
        if self._sweep is None and self._lines:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(self._limits.idle_seconds, self._close_idle)

    def _close_idle(self) -> None:
        self._sweep = None
        now = asyncio.get_running_loop().time()
        for line in [line for lines in self._lines.values() for line in lines]:
            if line.turns == 0 and now - line.idle_since >= self._limits.idle_seconds:
                line.close()
        self._schedule_sweep()
