"""`lmos chat` on a terminal, in front of a runtime whose Agents are played."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.conversation import (
    PIECE,
    AgentRequest,
    AgentResult,
    AgentResultType,
    BinaryData,
    Message,
    message_result,
)
from lmos.testing.waiting import eventually
from tests.cli.terminal import CTRL_C, CTRL_D, UP, Terminal, terminal
from tests.runtime.doors import served
from tests.runtime.rig import BILLS, FAULTS, agent, routing, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from tests.runtime.rig import Rig

pytestmark = pytest.mark.e2e


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with running() as rig:
        rig.agents.answers("billing", "42 euros")
        rig.agents.answers("network", "All is well")
        await rig.serve(
            agent("billing", "billing", "1.0.0", *BILLS),
            agent("network", "network", "1.0.0", *FAULTS),
            routing("billing", "network"),
        )
        yield rig


@asynccontextmanager
async def chatting(rig: Rig, home: Path, *more: str) -> AsyncIterator[Terminal]:
    async with (
        served(rig) as url,
        terminal(home, "chat", "-t", "acme", "-c", "web", "--runtime", url, *more) as screen,
    ):
        await screen.shows("Ctrl-D ends")
        await screen.shows("> ")
        yield screen


def piece(text: str) -> AgentResult:
    return message_result(text, type_=AgentResultType.INTERMEDIATE_MESSAGE, context=(PIECE,))


async def test_words_come_as_the_agent_speaks_under_its_name(rig: Rig, tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def speak(_: AgentRequest) -> AsyncIterator[AgentResult]:
        yield piece("42 ")
        await go_on.wait()
        yield piece("eu")
        yield message_result("42 euros")

    rig.agents.plays("billing", speak)
    async with chatting(rig, tmp_path) as screen:
        screen.type(f"{BILLS[0]}\n")
        await screen.shows("[billing]")
        await screen.shows("42 ")
        go_on.set()
        await screen.shows("euros\n")
        await screen.shows("> ")

        assert await screen.ends(CTRL_D) == 0


async def test_files_of_an_answer_are_named_behind_its_words(rig: Rig, tmp_path: Path) -> None:
    picture = BinaryData(mime_type="image/png", data_as_base64="iVBORw0KGgo=")
    drawn = (Message(role="assistant", content="Like this:", binary_data=(picture,)),)
    remark = message_result("", type_=AgentResultType.INTERMEDIATE_MESSAGE)
    rig.agents.answers(
        "billing",
        remark.model_copy(update={"messages": (*remark.messages, *drawn)}),
        piece("Like "),
        message_result("").model_copy(update={"messages": drawn}),
    )
    async with chatting(rig, tmp_path) as screen:
        screen.type(f"{BILLS[0]}\n")
        await screen.shows("Like this:\n[image/png, 8 bytes]\n")
        await screen.shows("Like this:\n[image/png, 8 bytes]\n")
        screen.type("/why\n")
        await screen.shows("Answer       Like this:\n             [image/png, 8 bytes]\n")


async def test_one_question_names_the_files_of_its_answer(rig: Rig, tmp_path: Path) -> None:
    bill = BinaryData(mime_type="application/pdf", source="https://files.example/bill.pdf")
    said = Message(role="assistant", content="Your bill:", binary_data=(bill,))
    rig.agents.answers("billing", message_result("").model_copy(update={"messages": (said,)}))
    async with (
        served(rig) as url,
        terminal(tmp_path, "ask", BILLS[0], "-t", "acme", "-c", "web", "--runtime", url) as screen,
    ):
        await screen.shows("Your bill:\n[application/pdf, https://files.example/bill.pdf]\n")


async def test_commands_tell_of_the_last_turn_and_of_the_channel(rig: Rig, tmp_path: Path) -> None:
    async with chatting(rig, tmp_path) as screen:
        screen.type("/why\n")
        await screen.shows("Nothing was asked yet.")
        screen.type(f"{BILLS[0]}\n")
        await screen.shows("42 euros")
        screen.type("/why\n")
        await screen.shows("Decision     billing (vector")
        screen.type("/agents\n")
        await screen.shows("The network Agent")
        screen.type("/new\n")
        await screen.shows("Conversation ")
        screen.type(f"{BILLS[1]}\n")
        await screen.shows("42 euros")
        screen.type("/nonsense\n")
        await screen.shows("/nonsense is none of the commands")
        screen.type("/help\n")
        await screen.shows("/quit")

        assert await screen.ends("/quit\n") == 0
    first, second = (each.request.conversation_context.conversation_id for each in rig.agents.asked)
    assert first != second


async def test_ctrl_c_stops_the_answer_and_then_the_talk(rig: Rig, tmp_path: Path) -> None:
    is_closed = asyncio.Event()

    async def speak_for_ever(_: AgentRequest) -> AsyncIterator[AgentResult]:
        try:
            yield piece("Well, ")
            await asyncio.Event().wait()
        finally:
            is_closed.set()

    rig.agents.plays("billing", speak_for_ever)
    async with chatting(rig, tmp_path) as screen:
        screen.type(f"{BILLS[0]}\n")
        await screen.shows("Well, ")
        screen.type(CTRL_C)
        await screen.shows("Cancelled.")
        await asyncio.wait_for(is_closed.wait(), 5)
        await screen.shows("> ")
        screen.type("/why\n")
        await screen.shows("The Turn was cancelled: TurnCancelled")
        screen.type(f"{FAULTS[0]}\n")
        await screen.shows("All is well")
        await screen.shows("> ")

        assert await screen.ends(CTRL_C) == 0
        assert "Traceback" not in screen.text


async def test_earlier_lines_can_be_called_back_also_those_of_another_talk(rig: Rig, tmp_path: Path) -> None:
    for keys in (f"{BILLS[0]}\n", f"{UP}\n"):
        async with chatting(rig, tmp_path) as screen:
            screen.type(keys)
            await screen.shows("42 euros")
            await screen.shows("> ")
            assert await screen.ends(CTRL_D) == 0

    assert rig.heard() == [BILLS[0]]
    history = tmp_path / "state" / "lmos" / "chat_history"
    assert history.stat().st_mode & 0o777 == 0o600


async def test_a_hand_over_is_shown_and_its_pieces_are_no_part_of_the_answer(
    rig: Rig, tmp_path: Path
) -> None:
    handed = message_result("Moment").model_copy(update={"status": "AGENT_HANDOVER[network]"})
    rig.agents.answers("billing", piece("Mom"), handed)
    async with chatting(rig, tmp_path) as screen:
        screen.type(f"{BILLS[0]}\n")
        assert (await screen.shows("All is well\n")).endswith("[billing]\nMom\n[network]\n")
        screen.type("/why\n")
        await screen.shows("Handed over: billing → network.")


async def test_a_lost_line_is_taken_up_where_it_broke_off(rig: Rig, tmp_path: Path) -> None:
    go_on = asyncio.Event()
    lines: list[asyncio.Task[Any] | None] = []
    app = rig.app

    async def breakable(scope: Scope, receive: Receive, send: Send) -> None:
        """The doors; the first line that streams a Turn can be cut."""
        if scope["type"] == "http" and scope["method"] == "POST":
            lines.append(asyncio.current_task())
        await app(scope, receive, send)

    async def speak(_: AgentRequest) -> AsyncIterator[AgentResult]:
        yield piece("42 ")
        await go_on.wait()
        yield piece("euros")
        yield message_result("42 euros")

    rig.app = breakable
    rig.agents.plays("billing", speak)
    async with chatting(rig, tmp_path) as screen:
        screen.type(f"{BILLS[0]}\n")
        await screen.shows("42 ")
        assert lines[0]
        lines[0].cancel()
        await eventually(lines[0].done)
        go_on.set()
        assert await screen.shows("euros\n") == ""

    assert len(rig.agents.asked) == 1
