"""Agents out of a Python file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from lmos.arc.agent import Agent
from lmos.arc.errors import AgentFileBroken, AgentFileNotFound, NoAgentsInFile
from lmos.core.errors import LmosError


def load_agents(path: str | Path, only: str = "") -> list[Agent]:
    """
    The Agents that the file at `path` declares at its top level, in the order of their declaration.

    With `only`, the one of that name.

    The file is run as a module that can import its neighbours. Each call runs it anew.

    Raises:
        AgentFileNotFound: There is no such file.
        AgentFileBroken: It does not import; the cause says why.
        NoAgentsInFile: It declares no Agent, or none called `only`.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise AgentFileNotFound(
            f"There is no file {str(path)!r}.", hint="Name a .py file that declares an Agent."
        )
    declared = [value for value in _run(file).values() if isinstance(value, Agent)]
    agents = list({id(agent): agent for agent in declared}.values())
    if not agents:
        raise NoAgentsInFile(
            f"{file.name} declares no Agent.",
            hint=f'Declare one at its top level: agent = Agent("{file.stem.replace("_", "-")}").',
        )
    if not only:
        return agents
    named = [agent for agent in agents if agent.name == only]
    if not named:
        declared_names = ", ".join(agent.name for agent in agents)
        raise NoAgentsInFile(
            f"{file.name} declares no Agent {only!r}.", hint=f"It declares: {declared_names}."
        )
    return named


def _run(file: Path) -> dict[str, object]:
    spec = importlib.util.spec_from_file_location(f"lmos_agents_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise AgentFileBroken(f"{file.name} is no Python file.", hint="Name a .py file.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickling look a module up by its name while it runs.
    sys.modules[spec.name] = module
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except LmosError:
        raise
    except (Exception, SystemExit) as error:
        raise AgentFileBroken(
            f"{file.name} does not import: {_place(error, file)}{type(error).__name__}: {error}",
            hint=f"Run it to see more: python {file}",
        ) from error
    return vars(module)


def _place(error: BaseException, file: Path) -> str:
    """`line 12: ` where the error passed through the file."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""
