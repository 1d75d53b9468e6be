"""What `lmos up` shows: one screen of addresses, Channels and Agents, then only what changes."""

from __future__ import annotations

import os
import shlex
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lmos.apps.data_folder import KUBECONFIG
from lmos.apps.instance import kubeconfig_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lmos.apps.applying import Outcome
    from lmos.apps.live import LiveOverview, Look
    from lmos.core.errors import LmosError

_SETTLING_SECONDS = 20.0
_FOLLOW_SECONDS = 0.5
_STYLES = {"ready": "green", "RESOLVED": "green", "failed": "red", "UNRESOLVED": "red"}


class Screen:
    """
    Writes to the terminal of `lmos up`; colours only where it is one.

    Args:
        data: The data folder, to say where logs are and how other commands find this LMOS.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._out = Console(highlight=False)
        self._errors = Console(stderr=True, highlight=False)

    def complain(self, error: LmosError) -> None:
        """Tell an error with its next step; everything else goes on."""
        self._errors.print(Text(f"Error: {error.message}", style="red"), soft_wrap=True)
        if error.hint:
            self._errors.print(Text(f"Next:  {error.hint}"), soft_wrap=True)

    def tell(self, outcomes: list[Outcome]) -> None:
        """Say what became of manifests, as far as it is news."""
        for outcome in outcomes:
            if outcome.error:
                self._errors.print(Text(outcome.subject, style="bold"), soft_wrap=True)
                self.complain(outcome.error)
        deeds = [outcome.deed for outcome in outcomes if outcome.deed not in {"", "unchanged"}]
        if deeds:
            counted = ", ".join(f"{deeds.count(deed)} {deed}" for deed in dict.fromkeys(deeds))
            self._say(f"Manifests: {counted}.")

    async def settle(self, live: LiveOverview) -> Look:
        """Wait until Agents and Channels have settled, and say that this is what we wait for."""
        waiting = self._out.status("Starting Agents …") if self._out.is_terminal else nullcontext()
        with waiting:
            return await live.settled(_SETTLING_SECONDS)

    async def show(self, look: Look, live: LiveOverview, endpoints: dict[str, str]) -> None:
        """Print the screen, then what changes, until cancelled."""
        self._say("\nLMOS is up\n", style="bold green")
        self._table((), endpoints.items())
        doors = [(each["name"], each["resolveStatus"]) for each in look.channels]
        self._table(("Channel", "Status"), doors or [("none yet", "lmos apply -f FILE")])
        agents = [(each["name"], _state(each), _capabilities(each)) for each in look.agents]
        self._table(("Agent", "State", "Capabilities"), agents or [("none yet", "", "lmos up agent.py")])
        for complaint in _complaints(look):
            self._say(f"{complaint}\n", style="red")
        self._hints(look, live)
        await self._follow(look, live)

    async def _follow(self, look: Look, live: LiveOverview) -> None:
        told = _lines(look)
        while True:
            now = _lines(await live.next(_FOLLOW_SECONDS))
            for key, line in now.items():
                if told.get(key) != line:
                    self._say(f"{key}: {line}")
            for key in told.keys() - now.keys():
                self._say(f"{key}: gone")
            told = now

    def _hints(self, look: Look, live: LiveOverview) -> None:
        here = kubeconfig_of(None) == self._data / KUBECONFIG
        where = "" if here else f" --kubeconfig {shlex.quote(_shortest(self._data / KUBECONFIG))}"
        resolved = [each for each in look.channels if each["resolveStatus"] == "RESOLVED"]
        first = next(iter(resolved or look.channels), None)
        channel = f" -t {first['tenant']} -c {first['channel']}" if first and len(look.channels) > 1 else ""
        question = shlex.quote(live.example_for(first) or "…") if first else "…"
        for name, value in (
            ("Ask", f"lmos ask {question}{channel}{where}"),
            ("Talk", f"lmos chat{channel}{where}"),
            ("Logs", _shortest(self._data / "lmos.log")),
            ("Stop", "Ctrl-C"),
        ):
            self._say(f"{name:<6}{value}")
        self._say("")

    def _say(self, text: str, style: str = "") -> None:
        self._out.print(Text(text, style=style), soft_wrap=True)

    def _table(self, columns: tuple[str, ...], rows: Iterable[Sequence[str]]) -> None:
        table = Table(box=None, pad_edge=False, show_header=bool(columns), header_style="bold")
        for column in columns or ("", ""):
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell, style=_STYLES.get(cell.split(" ")[0], "")) for cell in row))
        self._out.print(table)
        self._out.print()


def _state(agent: dict[str, Any]) -> str:
    """`ready`, or with the count where it says more."""
    ready, wanted = agent["ready"], agent["wanted"]
    counts = wanted is not None and (wanted != 1 or agent["state"] == "starting")
    return f"{agent['state']} {ready}/{wanted}" if counts else str(agent["state"])


def _capabilities(agent: dict[str, Any]) -> str:
    return ", ".join(each.rpartition(" ")[0] for each in agent["capabilities"])


def _complaints(look: Look) -> list[str]:
    """What is not well, each in a sentence that begins with what it is about."""
    agents = {f"Agent {each['name']}": each["message"] for each in look.agents if each["message"]}
    channels = {
        f"Channel {each['name']}": f"{each['message']} See: lmos explain {each['name']}"
        for each in look.channels
        if each["message"]
    }
    return [said if said.startswith(key) else f"{key}: {said}" for key, said in (agents | channels).items()]


def _lines(look: Look) -> dict[str, str]:
    lines = {f"Channel {each['name']}": (each["resolveStatus"], each["message"]) for each in look.channels}
    lines |= {f"Agent {each['name']}": (_state(each), each["message"]) for each in look.agents}
    return {key: " ".join(said).strip() for key, said in lines.items()}


def _shortest(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
