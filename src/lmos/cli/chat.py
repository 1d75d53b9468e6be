"""`lmos chat`: what is typed goes to the Agents of a Channel, and their answers come as they speak."""

from __future__ import annotations

import os
import sys
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lmos.apps.door import Question, RuntimeDoor, StreamEvent, TurnRefused, new_id
from lmos.cli.attachments import attachments
from lmos.cli.output import aside, complain, print_table, waiting
from lmos.cli.turn_record import print_record
from lmos.core.errors import LmosError, NotFound

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Mapping

_REMEMBERED_LINES = 1000


class Chat:
    """
    One talk with a Channel, until its input ends.

    Ctrl-C while an answer comes cancels the Turn; at the prompt, or a second time, it ends the talk.

    Args:
        door: The runtime.
        runner: Runs what waits; between its runs the terminal is read.
        tenant: Whose Channel it is.
        channel: The Channel.
        conversation: Goes on with this one; a new one if empty.
        agent: Answers instead of the one that would be chosen; nobody if empty.
    """

    def __init__(
        self,
        door: RuntimeDoor,
        runner: asyncio.Runner,
        tenant: str,
        channel: str,
        *,
        conversation: str,
        agent: str,
    ) -> None:
        self._door = door
        self._runner = runner
        self._tenant = tenant
        self._channel = channel
        self._conversation = conversation or new_id()
        self._agent = agent
        self._asked: Question | None = None
        self._commands: dict[str, tuple[Callable[[], None], str]] = {
            "/why": (self._why, "why the last Turn went to its Agent"),
            "/agents": (self._agents, "the Agents of this Channel"),
            "/new": (self._new, "begin another Conversation"),
            "/help": (self._help, "this list"),
            "/quit": (_quit, "end, as Ctrl-D does"),
        }

    def run(self) -> None:
        """Talk until Ctrl-D, Ctrl-C at the prompt, or `/quit`."""
        aside(f"{self._tenant}/{self._channel} · /help lists what you can type, Ctrl-D ends")
        # The end of the input, and either way to stop, are how a talk ends.
        with _line_editing(), suppress(EOFError, KeyboardInterrupt):
            while True:
                self._take(_prompt())
        if sys.stdin.isatty():
            typer.echo()

    def _take(self, said: str) -> None:
        """Do what a line says; what goes wrong does not end the talk."""
        try:
            if not said.startswith("/"):
                self._say(said)
            elif said in self._commands:
                self._commands[said][0]()
            else:
                aside(f"{said[:40]} is none of the commands that /help lists.")
        except LmosError as error:
            complain(error)

    def _say(self, text: str) -> None:
        """Ask, and print the answer; Ctrl-C cancels the Turn."""
        if not text:
            return
        self._asked = Question(
            self._tenant, self._channel, self._conversation, new_id(), text, agent=self._agent
        )
        try:
            self._runner.run(_answer(self._door, self._asked))
        except KeyboardInterrupt:
            typer.echo()
            with suppress(TurnRefused, NotFound):
                # Over already, or never begun.
                self._runner.run(self._door.cancel(self._asked))
            aside("Cancelled.")

    def _why(self) -> None:
        if self._asked is None:
            aside("Nothing was asked yet.")
        else:
            turn = self._asked.turn
            record = self._runner.run(self._door.turn(turn))
            print_record(record, self._runner.run(self._door.explanation(turn)))

    def _agents(self) -> None:
        agents = self._runner.run(self._door.agents(self._tenant, self._channel))
        rows = [
            (each["name"], ", ".join(can["name"] for can in each["capabilities"]), each["description"])
            for each in agents
        ]
        print_table(("agent", "capabilities", "description"), rows, empty="This Channel has no Agents.")

    def _new(self) -> None:
        self._conversation = new_id()
        aside(f"Conversation {self._conversation}")

    def _help(self) -> None:
        for name, (_, does) in self._commands.items():
            typer.echo(f"{name:<9}{does}")
        typer.echo("Ctrl-C   stop the answer; at the prompt: end")


class _Printed:
    """The answer on the terminal: pieces as they come, and at the end whatever is missing of it."""

    def __init__(self) -> None:
        self._said = ""

    @property
    def is_within_line(self) -> bool:
        """Whether the cursor stands behind a piece of the answer."""
        return bool(self._said)

    def add(self, piece: str) -> None:
        """Print one more piece."""
        typer.echo(piece, nl=False)
        self._said += piece

    def finish(self, content: str) -> None:
        """Print what is missing of the whole; all of it where the pieces were something else."""
        if not content.startswith(self._said):
            self.break_off()
        typer.echo(content[len(self._said) :])
        self._said = ""

    def break_off(self) -> None:
        """End the line: what follows is something else."""
        if self._said:
            typer.echo()
        self._said = ""


async def _answer(door: RuntimeDoor, question: Question) -> None:
    """Print one Turn as it goes."""
    printed = _Printed()
    async with aclosing(door.stream(question)) as events:
        try:
            while True:
                if printed.is_within_line:
                    event = await anext(events, None)
                else:
                    with waiting("Waiting for the answer"):
                        event = await anext(events, None)
                if event is None:
                    return
                _print_event(event, printed)
        except LmosError:
            printed.break_off()
            raise


def _print_event(event: StreamEvent, printed: _Printed) -> None:
    match event.name, event.data:
        case "turn.started", {"agent": str(agent)}:
            aside(f"[{agent}]")
        case "turn.handover", {"to": str(to)}:
            printed.break_off()
            aside(f"[{to}]")
        case "message.delta", {"content": str(piece)}:
            printed.add(piece)
        case "message.intermediate", {"content": str(remark), **more}:
            printed.break_off()
            aside(remark)
            _print_attachments(more)
        case "message", {"content": str(content), **more}:
            printed.finish(content)
            _print_attachments(more)
        case "error", {"message": str(message), **problem}:
            printed.break_off()
            complain(LmosError(message, hint=str(problem.get("hint", ""))))


def _print_attachments(more: Mapping[str, Any]) -> None:
    """Name what came besides the words."""
    for attachment in attachments(more.get("messages", ())):
        aside(f"[{attachment}]")


def _prompt() -> str:
    """The next line; without a terminal there is nobody to prompt."""
    return input("> " if sys.stdin.isatty() else "").strip()


def _quit() -> None:
    raise EOFError


@contextmanager
def _line_editing() -> Iterator[None]:
    """Lines can be edited and called back, also those of earlier talks."""
    if not sys.stdin.isatty():
        yield
        return
    import readline

    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    history = Path(state).expanduser() / "lmos" / "chat_history"
    with suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(_REMEMBERED_LINES)
    try:
        yield
    finally:
        # A talk that cannot be remembered has been had all the same.
        with suppress(OSError):
            history.parent.mkdir(parents=True, exist_ok=True)
            history.touch(mode=0o600)
            readline.write_history_file(history)
