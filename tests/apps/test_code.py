from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lmos.apps.code import with_code_noted
from lmos.core.planning.scaffold import CONTENT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An Agent that imports a module and, by way of that, a package; another Agent beside it."""
    (tmp_path / "agents" / "data").mkdir(parents=True)
    (tmp_path / "agents" / "billing.py").write_text("import os\nfrom shared import names")
    (tmp_path / "agents" / "shared.py").write_text("import data.names")
    (tmp_path / "agents" / "data" / "names.py").write_text("")
    (tmp_path / "agents" / "roaming.py").write_text("")
    return tmp_path


def deployment(*command: str) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "agent", "command": list(command)}]}}
    return {"kind": "Deployment", "metadata": {"name": "billing"}, "spec": {"template": template}}


def content(folder: Path, *command: str) -> str | None:
    noted = with_code_noted(deployment(*command), folder)
    annotations: dict[str, str] = noted["spec"]["template"].get("metadata", {}).get("annotations", {})
    return annotations.get(CONTENT)


@pytest.mark.parametrize("changed", ["billing.py", "shared.py", "data/names.py"])
def test_a_change_of_the_file_or_of_what_it_imports_changes_the_template(folder: Path, changed: str) -> None:
    before = content(folder, "lmos", "agent", "run", "agents/billing.py")

    (folder / "agents" / changed).write_text("import os\nx = 1")

    assert before
    assert content(folder, "lmos", "agent", "run", "agents/billing.py") != before


def test_another_agent_beside_it_is_none_of_its_code(folder: Path) -> None:
    before = content(folder, "lmos", "agent", "run", "agents/billing.py")

    (folder / "agents" / "roaming.py").write_text("x = 1")

    assert content(folder, "lmos", "agent", "run", "agents/billing.py") == before


def test_code_that_is_no_python_is_still_noted(folder: Path) -> None:
    (folder / "agents" / "billing.py").write_bytes(b"\xff(")

    assert content(folder, "lmos", "agent", "run", "agents/billing.py")


def test_a_command_that_names_no_python_file_is_left_alone(folder: Path) -> None:
    assert content(folder, "sleep", "60") is None
    assert content(folder, "lmos", "agent", "run", "absent.py") is None


@pytest.mark.parametrize(
    "spec",
    [
        None,
        [],
        {"template": "?"},
        {"template": {"spec": {"containers": {"a": 1}}}},
        {"template": {"spec": {"containers": [{"command": 5}]}}},
    ],
)
def test_a_malformed_deployment_is_left_for_the_api_server_to_refuse(folder: Path, spec: object) -> None:
    broken = {"kind": "Deployment", "metadata": {"name": "broken"}, "spec": spec}

    assert with_code_noted(broken, folder) == broken
