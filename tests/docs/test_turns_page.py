"""The diagram of a Turn's ways is drawn from the table that the code obeys: `make accept` renews it."""

import os
import re
from pathlib import Path

from lmos.core.conversation.turn import TRANSITIONS, TurnStatus

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "turns.md"
DIAGRAM = re.compile(r"```mermaid\n.*?```\n", re.DOTALL)


def diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {TurnStatus.RECEIVED.value}"]
    for status, following in TRANSITIONS.items():
        lines += [f"    {status.value} --> {each.value}" for each in TurnStatus if each in following]
        if not following:
            lines.append(f"    {status.value} --> [*]")
    return "\n".join([*lines, "```", ""])


def test_the_diagram_shows_every_way_of_a_turn() -> None:
    page = PAGE.read_text(encoding="utf-8")
    if os.environ.get("LMOS_ACCEPT"):
        page = DIAGRAM.sub(diagram(), page)
        PAGE.write_text(page, encoding="utf-8")

    assert DIAGRAM.findall(page) == [diagram()], "rewrite it with `make accept`"
