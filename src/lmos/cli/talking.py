"""Talking to Agents: ask, chat, why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lmos.cli.options import (
    ChannelOption,
    KubeconfigOption,
    Output,
    OutputOption,
    RuntimeOption,
    TenantOption,
)

if TYPE_CHECKING:
    from lmos.apps.door import Question, RuntimeDoor, StreamEvent

AgentOption = Annotated[str, typer.Option("--agent", help="Ask this Agent instead of routing.")]
ConversationOption = Annotated[
    str, typer.Option("--conversation", help="Go on with this Conversation; a new one if not given.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (ask, chat, why):
        app.command()(command)


def ask(
    question: Annotated[str, typer.Argument(help="What a user would say.")],
    tenant: TenantOption = "",
    channel: ChannelOption = "",
    conversation: ConversationOption = "",
    agent: AgentOption = "",
    output: OutputOption = Output.table,
    runtime: RuntimeOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Ask one question and print the answer with the Agent that gave it and why."""
    from lmos.apps.door import Question, RuntimeDoor, new_id
    from lmos.apps.instance import runtime_url_of
    from lmos.cli.output import aside, print_value, waiting

    async def run() -> None:
        door_tenant, door_channel = await _channel(kubeconfig, tenant, channel)
        asked = Question(door_tenant, door_channel, conversation or new_id(), new_id(), question, agent)
        async with RuntimeDoor(runtime_url_of(runtime, kubeconfig)) as door:
            with waiting("Waiting for the answer"):
                answer = await door.ask(asked)
                record = await door.turn(asked.turn)
        if output is Output.table:
            typer.echo(answer)
            aside(f"\n{_because(record)}\nMore: lmos why {asked.turn}")
        else:
            print_value(record, output)

    asyncio.run(run())


def chat(
    tenant: TenantOption = "",
    channel: ChannelOption = "",
    conversation: ConversationOption = "",
    agent: AgentOption = "",
    runtime: RuntimeOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Talk with the Agents of a Channel. /why explains the last answer, Ctrl-D ends."""
    from lmos.apps.door import Question, RuntimeDoor, new_id
    from lmos.apps.instance import runtime_url_of
    from lmos.cli.output import aside

    async def run() -> None:
        door_tenant, door_channel = await _channel(kubeconfig, tenant, channel)
        talk = conversation or new_id()
        turn = ""
        aside(f"{door_tenant}/{door_channel} · /why explains the last answer, Ctrl-D ends")
        async with RuntimeDoor(runtime_url_of(runtime, kubeconfig)) as door:
            while (said := await asyncio.to_thread(_prompt)) is not None:
                if said == "/why" and turn:
                    _print_record(await door.turn(turn))
                elif said:
                    turn = new_id()
                    await _say(door, Question(door_tenant, door_channel, talk, turn, said, agent))

    asyncio.run(run())


def why(
    turn: Annotated[str, typer.Argument(help="The Turn's id, as printed by `lmos ask`.")],
    output: OutputOption = Output.table,
    runtime: RuntimeOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print why a Turn went to its Agent."""
    from lmos.apps.door import RuntimeDoor
    from lmos.apps.instance import runtime_url_of
    from lmos.cli.output import print_value, waiting

    async def run() -> None:
        async with RuntimeDoor(runtime_url_of(runtime, kubeconfig)) as door:
            with waiting("Looking it up"):
                record = await door.turn(turn)
        if output is Output.table:
            _print_record(record)
        else:
            print_value(record, output)

    asyncio.run(run())


async def _channel(kubeconfig: Any, tenant: str, channel: str) -> tuple[str, str]:  # noqa: ANN401 - Path, imported late
    """What the user named, or the only Channel there is."""
    from lmos.apps.channels import the_channel
    from lmos.apps.instance import cluster_of

    if tenant and channel:
        return tenant, channel
    async with cluster_of(kubeconfig) as cluster:
        return await the_channel(cluster, tenant, channel)


def _prompt() -> str | None:
    try:
        return input("> ").strip()
    except EOFError:
        return None


async def _say(door: RuntimeDoor, question: Question) -> None:
    """Stream one answer to the terminal; what goes wrong does not end the talk."""
    from lmos.cli.output import complain, waiting
    from lmos.core.errors import LmosError

    events = door.stream(question)
    streamed = False
    try:
        while True:
            with waiting("Waiting for the answer"):
                event = await anext(events, None)
            if event is None:
                return
            streamed = _print_event(event, streamed=streamed)
    except LmosError as error:
        complain(error)


def _print_event(event: StreamEvent, *, streamed: bool) -> bool:
    """Print what an event brings; returns whether pieces of the answer are on the terminal already."""
    from lmos.cli.output import aside, complain
    from lmos.core.errors import LmosError

    if event.name == "message.delta":
        typer.echo(event.data["content"], nl=False)
        return True
    if event.name == "message":
        typer.echo("" if streamed else event.data["content"])
    elif event.name == "error":
        message = event.data.get("message", "The Turn failed.")
        complain(LmosError(message, hint=event.data.get("hint", "")))
    elif event.name == "turn.started" and event.data.get("agent"):
        aside(f"[{event.data['agent']}]")
    return streamed


def _because(record: dict[str, Any]) -> str:
    decision = record["decision"]
    if record["status"] == "failed":
        return f"The Turn failed: {record['error']}"
    if not decision["agent"]:
        return f"No Agent answered: {decision['reason']}"
    share = f", {decision['probability']:.0%} sure" if decision["stage"] != "explicit" else ""
    return f"{decision['agent']} ({decision['stage']}{share}): {decision['reason']}"


def _print_record(record: dict[str, Any]) -> None:
    from lmos.cli.output import print_table

    decision = record["decision"]
    typer.echo(f"Turn         {record['turn']} of Conversation {record['conversation']}")
    typer.echo(f"Channel      {record['tenant']}/{record['channel']}")
    typer.echo(f"Question     {record['question']}")
    typer.echo(f"Answer       {record['answer'] or '-'}")
    typer.echo(f"Decision     {_because(record)}")
    if not decision:
        return
    typer.echo(
        f"Thresholds   probability {decision['probability']:.3f} of at least {decision['threshold']:.3f},"
        f" familiarity {decision['familiarity']:.3f} of at least {decision['familiarity_threshold']:.3f}"
    )
    typer.echo(
        f"Made with    head {decision['head'] or '-'}, routing {decision['routing_version'] or '-'},"
        f" {decision['seconds'] * 1000:.1f} ms\n"
    )
    rows = [
        (each["agent"], each["capability"], f"{each['probability']:.3f}") for each in decision["candidates"]
    ]
    print_table(("agent", "capability", "probability"), rows, empty="No candidates were weighed.")
