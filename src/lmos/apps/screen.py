"""What `lmos up` shows: one screen of addresses, Channels and Agents, then only what changes."""

from __future__ import annotations

import asyncio
import os
import shlex
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lmos.apps.instance import KUBECONFIG, kubeconfig_of
from lmos.apps.overview import channel_summary, summaries
from lmos.core.resources.kinds import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lmos.adapters.kubernetes import KubernetesCluster
    from lmos.apps.applying import Outcome
    from lmos.core.errors import LmosError

_SETTLING_SECONDS = 20.0
_LOOK_SECONDS = 0.2
_FOLLOW_SECONDS = 1.0


class Screen:
    """
    Writes to the terminal of `lmos up`; colours only where it is one.

    Args:
        data: The data folder, to say how other commands find this LMOS.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._out = Console(highlight=False, soft_wrap=True)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def complain(self, error: LmosError) -> None:
        """Tell an error with its next step; everything else goes on."""
        self._errors.print(Text(f"Error: {error.message}", style="red"))
        if error.hint:
            self._errors.print(Text(f"Next:  {error.hint}"))

    def tell(self, outcomes: list[Outcome]) -> None:
        """Say what became of manifests, as far as it is news."""
        for outcome in outcomes:
            if outcome.error:
                self._errors.print(Text(outcome.subject, style="bold"))
                self.complain(outcome.error)
        deeds = [outcome.deed for outcome in outcomes if outcome.deed not in {"", "unchanged"}]
        if deeds:
            counted = ", ".join(f"{deeds.count(deed)} {deed}" for deed in dict.fromkeys(deeds))
            self._out.print(Text(f"Manifests: {counted}."))

    async def show(self, cluster: KubernetesCluster, endpoints: dict[str, str]) -> None:
        """Print the screen once Agents and Channels have settled, then changes, until cancelled."""
        with self._out.status("Starting Agents …") if self._out.is_terminal else _Silence():
            state = await self._settled(cluster)
        self._print(state, endpoints)
        told = _lines(state)
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            now = _lines(await _state(cluster))
            for key, line in now.items():
                if told.get(key) != line:
                    self._out.print(Text(line))
            for key in told.keys() - now.keys():
                self._out.print(Text(f"{key}: gone"))
            told = now

    async def _settled(self, cluster: KubernetesCluster) -> _State:
        """The state once every Agent runs or says why not, and nothing has moved between two looks."""
        deadline = asyncio.get_running_loop().time() + _SETTLING_SECONDS
        before: _State | None = None
        while asyncio.get_running_loop().time() < deadline:
            state = await _state(cluster)
            if state == before and all(map(_has_settled, state[1])):
                return state
            before = state
            await asyncio.sleep(_LOOK_SECONDS)
        return await _state(cluster)

    def _print(self, state: _State, endpoints: dict[str, str]) -> None:
        channels, agents = state
        self._out.print(Text("\nLMOS is up", style="bold green"))
        self._table((), endpoints.items())
        self._out.print()
        doors = [(each["name"], each["resolveStatus"], each["message"]) for each in channels]
        self._table(("Channel", "Status", ""), doors or [("none yet", "", "lmos apply -f FILE")])
        self._out.print()
        rows = [(each["name"], each["health"], ", ".join(each["capabilities"])) for each in agents]
        self._table(("Agent", "Health", "Capabilities"), rows or [("none yet", "", "lmos up agent.py")])
        self._out.print(Text(f"\nAsk:   {self._how_to_ask(channels)}", style="bold"))
        self._out.print(Text("Stop:  Ctrl-C\n"))

    def _table(self, columns: tuple[str, ...], rows: Iterable[Sequence[str]]) -> None:
        table = Table(box=None, pad_edge=False, show_header=bool(columns), header_style="bold")
        for column in columns or ("", ""):
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._out.print(table)

    def _how_to_ask(self, channels: list[dict[str, Any]]) -> str:
        kubeconfig = self._data / KUBECONFIG
        where = (
            "" if kubeconfig_of(None) == kubeconfig else f" --kubeconfig {shlex.quote(_shortest(kubeconfig))}"
        )
        first = next(iter(channels), None)
        channel = f" -t {first['tenant']} -c {first['channel']}" if first and len(channels) > 1 else ""
        return f'lmos ask "…"{channel}{where}'


_State = tuple[list[dict[str, Any]], list[dict[str, Any]]]


class _Silence:
    """Stands for the spinner where there is no terminal."""

    def __enter__(self) -> None:
        """Show nothing."""

    def __exit__(self, *exc_info: object) -> None:
        """Nothing to remove."""


async def _state(cluster: KubernetesCluster) -> _State:
    channels = (await cluster.list(CHANNEL)).items
    return [channel_summary(channel) for channel in channels], await summaries(cluster)


def _has_settled(agent: dict[str, Any]) -> bool:
    """Whether an Agent runs and is known, or says why not."""
    return bool(agent["failed"] or (agent["ready"] and agent["capabilities"]))


def _lines(state: _State) -> dict[str, str]:
    channels, agents = state
    lines = {f"Channel {each['name']}": f"{each['resolveStatus']} {each['message']}" for each in channels}
    lines |= {f"Agent {each['name']}": each["health"] for each in agents}
    return {key: f"{key}: {said.strip()}" for key, said in lines.items()}


def _shortest(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
