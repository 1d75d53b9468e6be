"""The Python code behind a Deployment, noted in it so that a change of the code replaces its processes."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING, Any

from lmos.core.planning.scaffold import CONTENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lmos.core.resources import Manifest

_PYTHON = ".py"


def with_code_noted(deployment: Manifest, folder: Path) -> Manifest:
    """
    The Deployment with a hash of its code in its template, so that other code is another generation.

    Its code is each Python file that a command names, and what those import from beside them. Without such
    a file the Deployment stays as it is; so it does where it is malformed, for the API server to say so.

    Args:
        deployment: A manifest, not yet validated.
        folder: Where its commands run.
    """
    template = _mapping(_mapping(deployment.get("spec")).get("template"))
    metadata = _mapping(template.get("metadata", {}))
    digest = code_digest([folder / word for word in words_of(deployment) if word.endswith(_PYTHON)])
    if not digest:
        return deployment
    annotations = {CONTENT: digest} | _mapping(metadata.get("annotations"))
    template = template | {"metadata": metadata | {"annotations": annotations}}
    return deployment | {"spec": deployment["spec"] | {"template": template}}


def words_of(deployment: Manifest) -> list[str]:
    """The words of a Deployment's commands in their order; what is malformed has none."""
    template = _mapping(_mapping(deployment.get("spec")).get("template"))
    containers = map(_mapping, _list(_mapping(template.get("spec")).get("containers")))
    words = [word for each in containers for part in ("command", "args") for word in _list(each.get(part))]
    return [word for word in words if isinstance(word, str)]


def code_digest(files: Sequence[Path]) -> str:
    """A hash of these Python files and of what they import from beside them; empty where none exists."""
    code = _with_imports(files)
    return hashlib.sha256(b"\0".join(code[file] for file in sorted(code))).hexdigest()[:16] if code else ""


def _with_imports(files: Sequence[Path]) -> dict[Path, bytes]:
    """The content of these files and of the modules beside them that they import, by path."""
    code: dict[Path, bytes] = {}
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in code and file.is_file():
            code[file] = file.read_bytes()
            for name in _imported(code[file]):
                waiting += [file.with_name(f"{name}{_PYTHON}"), *(file.parent / name).glob(f"**/*{_PYTHON}")]
    return code


def _imported(code: bytes) -> set[str]:
    """The first words of the names of the modules that some code imports; none where it is no Python."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return set()
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in names}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
