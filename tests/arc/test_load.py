from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.arc import load_agents
from lmos.arc.errors import AgentFileBroken, AgentFileNotFound, NoAgentsInFile

if TYPE_CHECKING:
    from pathlib import Path

TWO = """
from lmos.arc import Agent
first = Agent("first-agent")
second = Agent("second-agent")
again = first
"""


def test_the_agents_of_a_file_come_in_the_order_of_their_declaration(tmp_path: Path) -> None:
    file = tmp_path / "agents.py"
    file.write_text(TWO)

    assert [agent.name for agent in load_agents(file)] == ["first-agent", "second-agent"]


def test_a_file_imports_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    (tmp_path / "neighbour_of_agents.py").write_text("NAME = 'neighbour-agent'")
    file = tmp_path / "agents.py"
    file.write_text("from lmos.arc import Agent\nfrom neighbour_of_agents import NAME\na = Agent(NAME)")

    assert load_agents(str(file))[0].name == "neighbour-agent"


@pytest.mark.parametrize("path", ["missing.py", ".", "a\x07b.py"])
def test_a_missing_file_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(AgentFileNotFound, match="no file"):
        load_agents(tmp_path / path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\ndef f(:\n", "agents.py does not import: line 2: SyntaxError"),
        ("\n\nimport nothing_like_this", "line 3: ModuleNotFoundError"),
        ("import sys\nsys.exit(3)", "line 2: SystemExit: 3"),
        ("1/0", "line 1: ZeroDivisionError"),
    ],
)
def test_a_file_that_does_not_import_is_reported_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "agents.py"
    file.write_text(text)

    with pytest.raises(AgentFileBroken, match=says):
        load_agents(file)


def test_a_file_without_agents_is_told_how_to_get_one(tmp_path: Path) -> None:
    file = tmp_path / "my_agent.py"
    file.write_text("x = 1")

    with pytest.raises(NoAgentsInFile) as caught:
        load_agents(file)

    assert 'Agent("my-agent")' in caught.value.hint


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text("a: 1")

    with pytest.raises(AgentFileBroken, match="no Python file"):
        load_agents(file)
