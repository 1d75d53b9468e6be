"""What goes on: top."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lmos.cli.options import KubeconfigOption, Output, OutputOption, RuntimeOption

if TYPE_CHECKING:
    from rich.table import Table

    from lmos.apps.top import Meter

COLUMNS = ("turns/s", "p50", "p95", "p99", "errors", "asked back", "running")
UNKNOWN = "-"

_MINUTE = 60


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(top)


def top(
    interval: Annotated[
        float, typer.Option("--interval", help="Seconds between looks.", min=0.1, max=600.0)
    ] = 2.0,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Look twice, an interval apart, print that and end.")
    ] = False,
    output: OutputOption = Output.table,
    runtime: RuntimeOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Show how many Turns each Channel and Agent answers, how fast and how well, until Ctrl-C."""
    from lmos.apps.top import Meter, metrics_url_of

    async def run() -> None:
        async with Meter(metrics_url_of(runtime, kubeconfig)) as meter:
            # Whoever reads from a pipe wants an answer and an end.
            if once or output is not Output.table or not sys.stdout.isatty():
                await _print_once(meter, interval, output)
            else:
                await _show(meter, interval)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return


def figure_cells(figures: dict[str, Any]) -> tuple[str, ...]:
    """The figures of a Channel or an Agent as people read them, in the order of COLUMNS."""
    rate = figures["turnsPerSecond"]
    return (
        UNKNOWN if rate is None else f"{rate:.1f}",
        *(seconds_shown(figures[f"p{percent}Seconds"]) for percent in (50, 95, 99)),
        _share(figures["errorShare"]),
        _share(figures["askedBackShare"]),
        str(figures["running"]),
    )


def seconds_shown(seconds: float | None) -> str:
    """A time in the unit in which it is read at a glance."""
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"  # noqa: PLR2004 - 10 ms
    return f"{seconds:.1f} s" if seconds < _MINUTE else f"{seconds / _MINUTE:.1f} min"


def _share(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share:.1%}"


async def _print_once(meter: Meter, interval: float, output: Output) -> None:
    from lmos.cli.output import print_table, print_value

    await meter.look()
    await asyncio.sleep(interval)
    look = await meter.look()
    if output is not Output.table:
        print_value(look, output)
        return
    print_table(("channel", "agent", *COLUMNS), _rows(look), empty=_NOTHING)


async def _show(meter: Meter, interval: float) -> None:
    """Refresh in place; what cannot be read now is said below what was last."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from lmos.core.errors import LmosError

    look = await meter.look()
    with Live(auto_refresh=False, screen=False) as live:
        while True:
            seconds = look["seconds"]
            said = f"Turns of the last {seconds:.0f} s. Ctrl-C ends." if seconds else "Looking …"
            live.update(Group(_table(look), Text(said, style="dim")), refresh=True)
            await asyncio.sleep(interval)
            try:
                look = await meter.look()
            except LmosError as error:
                live.update(Group(_table(look), Text(error.message, style="red")), refresh=True)


def _table(look: dict[str, Any]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    # On a narrow terminal names are cut; figures never are.
    table.add_column("CHANNEL", overflow="ellipsis")
    for column in COLUMNS:
        table.add_column(column.upper(), justify="right", no_wrap=True)
    for channel, agent, *cells in _rows(look):
        name = Text(channel, style="bold") if channel else Text(f"  {agent}")
        table.add_row(name, *map(Text, cells))
    if not table.row_count:
        table.add_row(Text(_NOTHING, style="dim"))
    return table


_NOTHING = "No Turn has found a Channel yet: lmos ask QUESTION"


def _rows(look: dict[str, Any]) -> list[tuple[str, ...]]:
    """One row a Channel, below it one for each of its Agents."""
    rows: list[tuple[str, ...]] = []
    for channel in look["channels"]:
        rows.append((f"{channel['tenant']}/{channel['channel']}", "", *figure_cells(channel)))
        rows += [("", each["agent"], *figure_cells(each)) for each in channel["agents"]]
    return rows
