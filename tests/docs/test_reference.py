"""Reference pages hold what the code says: `make accept` rewrites the generated ones."""

import importlib
import json
import os
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import lmos
from lmos.apps.apiserver import DEFINITIONS
from lmos.cli.main import app
from lmos.core.errors import LmosError
from lmos.core.resources.definitions import crds

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(lmos.__path__, "lmos."):
        if module.name not in {"lmos.localnode.reaper", "lmos.arc.pydantic_ai"}:
            yield module.name


def errors() -> list[type[LmosError]]:
    for name in modules():
        importlib.import_module(name)
    found: set[type[LmosError]] = set()
    waiting: list[type[LmosError]] = [LmosError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__.startswith("lmos."):
            found.add(kind)
        waiting += kind.__subclasses__()
    return sorted(found, key=lambda kind: (kind.code, kind.__module__))


def errors_page() -> str:
    lines = [
        "# Error codes",
        "",
        "One error, three voices: the terminal prints its message and a next step and exits with its status;",
        "HTTP answers a problem document with its `code` and `hint`; the operator writes the code as a",
        "condition's reason.",
        "",
        "| Code | Means | Exit | HTTP |",
        "|---|---|---|---|",
    ]
    rows: dict[str, str] = {}
    for kind in errors():
        sentence = (kind.__doc__ or "").strip().splitlines()[0].replace("|", "\\|")
        rows.setdefault(
            kind.code, f"| `{kind.code}` | {sentence} | {kind.exit_status} | {kind.http_status} |"
        )
    return "\n".join([*lines, *rows.values(), ""])


def resources_page() -> str:
    lines = [
        "# Resources",
        "",
        "Group `lmos.eclipse`, version `v1`, all namespaced. The schemas are in `deploy/crds/`;",
        "`lmos export crds` prints them. Fields marked * are required.",
    ]
    for crd in crds():
        names = crd["spec"]["names"]
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        lines += ["", f"## {names['kind']}", "", schema.get("description", ""), ""]
        lines += [f"`kubectl get {names['plural']}` or `{', '.join(names.get('shortNames', ()))}`", ""]
        lines += ["| Field | Type | Means |", "|---|---|---|"]
        for part in ("spec", "status"):
            lines += fields(schema["properties"].get(part, {}), part)
    return "\n".join([*lines, ""])


def fields(schema: dict[str, Any], path: str) -> list[str]:
    required = schema.get("required", ())
    rows = []
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}"
        kind = field.get("type", "integer or string" if field.get("x-kubernetes-int-or-string") else "any")
        inner = field
        if kind == "array":
            inner, here = field["items"], f"{here}[]"
            kind = f"list of {inner.get('type', 'any')}"
        allowed = f" One of {', '.join(inner['enum'])}." if "enum" in inner else ""
        meaning = (field.get("description", "") + allowed).replace("|", "\\|").replace("\n", " ")
        rows.append(f"| `{here}`{'*' if name in required else ''} | {kind} | {meaning} |")
        rows += fields(inner, here)
    return rows


@pytest.mark.parametrize(("page", "content"), [("errors.md", errors_page), ("resources.md", resources_page)])
def test_a_generated_page_is_up_to_date(page: str, content: Any) -> None:
    path = REFERENCE / page
    if os.environ.get("LMOS_ACCEPT"):
        path.write_text(content(), encoding="utf-8")

    assert path.read_text(encoding="utf-8") == content(), "rewrite it with `make accept`"


def test_the_api_server_installs_the_definitions_that_the_models_make() -> None:
    path = ROOT / "src" / "lmos" / "apps" / DEFINITIONS
    content = json.dumps(crds(), indent=1) + "\n"
    if os.environ.get("LMOS_ACCEPT"):
        path.write_text(content, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == content, "rewrite it with `make accept`"


def commands(group: Any, prefix: str = "lmos") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def test_every_command_and_option_is_documented() -> None:
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    missing = []
    for name, command in commands(typer.main.get_command(app)):
        if f"`{name}" not in page:
            missing.append(name)
        missing += [
            f"{name} {option}"
            for parameter in command.params
            for option in parameter.opts
            if option.startswith("--") and option != "--help" and option not in page
        ]

    assert not missing


def test_every_environment_variable_is_documented() -> None:
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    pattern = re.compile(r"""(?:environ(?:\.get)?[\[(]|environment\.get\(|envvar=)\s*["']([A-Z_]+)["']""")
    read = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in pattern.findall(path.read_text(encoding="utf-8"))
    }

    assert {name for name in read if f"`{name}`" not in page} == set()


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    pages += (ROOT / "benchmarks").rglob("*.md")
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert broken == []
