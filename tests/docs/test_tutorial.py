"""What the pages tell people to type works as it stands."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from lmos.arc import load_agents

ROOT = Path(__file__).parents[2]


def blocks(page: str) -> dict[str, str]:
    """The Python blocks of a page by the file name in their first line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"```python\n# (\S+\.py)\n(.*?)```", text, re.DOTALL)
    return dict(found)


async def test_the_agent_of_the_tutorial_passes_its_own_test(tmp_path: Path) -> None:
    written = blocks("docs/tutorial/first-agent.md")
    for name, code in written.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    sys.path.insert(0, str(tmp_path))
    try:
        spec = importlib.util.spec_from_file_location("test_weather", tmp_path / "test_weather.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        await module.test_the_city_is_remembered()
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("weather", None)


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-agent.md"])
def test_the_agents_on_the_pages_can_be_loaded(page: str, tmp_path: Path) -> None:
    file = tmp_path / "weather.py"
    file.write_text(blocks(page)["weather.py"], encoding="utf-8")

    (agent,) = load_agents(file)

    assert agent.name == "weather"
    assert agent.can_answer
