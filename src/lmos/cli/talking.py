"""Talking to Agents: ask, chat, why."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from lmos.cli.options import (
    ChannelOption,
    KubeconfigOption,
    Output,
    OutputOption,
    RuntimeOption,
    TenantOption,
)

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
    from lmos.cli.attachments import attachments
    from lmos.cli.output import aside, print_value, waiting
    from lmos.cli.turn_record import because

    async def run() -> None:
        door_tenant, door_channel = await _channel(kubeconfig, tenant, channel)
        asked = Question(door_tenant, door_channel, conversation or new_id(), new_id(), question, agent)
        async with RuntimeDoor(runtime_url_of(runtime, kubeconfig)) as door:
            with waiting("Waiting for the answer"):
                answer = await door.ask(asked)
                record = await door.turn(asked.turn)
        if output is Output.table:
            typer.echo(answer)
            for attachment in attachments(record["messages"]):
                aside(f"[{attachment}]")
            aside(f"\n{because(record)}\nMore: lmos why {asked.turn}")
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
    """Talk with the Agents of a Channel. /help lists what else can be typed, Ctrl-D ends."""
    from lmos.apps.door import RuntimeDoor
    from lmos.apps.instance import runtime_url_of
    from lmos.cli.chat import Chat

    # One loop for the whole talk; what is typed is read between its runs, so that Ctrl-C is ours to hear.
    with asyncio.Runner() as runner:
        door_tenant, door_channel = runner.run(_channel(kubeconfig, tenant, channel))
        door = RuntimeDoor(runtime_url_of(runtime, kubeconfig))
        try:
            Chat(door, runner, door_tenant, door_channel, conversation=conversation, agent=agent).run()
        finally:
            runner.run(door.aclose())


def why(
    turn: Annotated[str, typer.Argument(help="The Turn's id, as printed by `lmos ask`.")],
    output: OutputOption = Output.table,
    runtime: RuntimeOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print why a Turn went to its Agent, with the words and examples that mattered."""
    from lmos.apps.door import RuntimeDoor
    from lmos.apps.instance import runtime_url_of
    from lmos.cli.output import print_value, waiting
    from lmos.cli.turn_record import print_record

    async def run() -> None:
        async with RuntimeDoor(runtime_url_of(runtime, kubeconfig)) as door:
            with waiting("Looking it up"):
                record, explanation = await door.turn(turn), await door.explanation(turn)
        if output is Output.table:
            print_record(record, explanation)
        else:
            print_value(record | {"explanation": explanation}, output)

    asyncio.run(run())


async def _channel(kubeconfig: Any, tenant: str, channel: str) -> tuple[str, str]:  # noqa: ANN401 - Path, imported late
    """What the user named, or the only Channel there is."""
    from lmos.apps.channels import the_channel
    from lmos.apps.instance import cluster_of

    if tenant and channel:
        return tenant, channel
    async with cluster_of(kubeconfig) as cluster:
        return await the_channel(cluster, tenant, channel)
