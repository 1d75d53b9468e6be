"""Findings as SARIF 2.1.0, which code review tools show beside the line."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lmos.router.linting import RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.apps.agent_linting import Located

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = list(Rule)


def sarif(findings: Sequence[Located]) -> dict[str, Any]:
    """
    One run of one tool; our severities are SARIF's levels of the same names.

    Source:
        OASIS, Static Analysis Results Interchange Format 2.1.0, sections 3.13, 3.14, 3.19 and 3.27.
    """
    rules = [{"id": str(rule), "shortDescription": {"text": RULES[rule]}} for rule in _RULES]
    driver = {"name": "lmos lint agents", "version": version("lmos"), "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(located) for located in findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(located: Located) -> dict[str, Any]:
    finding = located.finding
    result = {
        "ruleId": str(finding.rule),
        "ruleIndex": _RULES.index(finding.rule),
        "level": str(finding.severity),
        "message": {"text": f"{finding.message} {finding.suggestion}".strip()},
        "properties": finding.to_json(),
    }
    return result | {"locations": [_location(located)]} if located.file else result


def _location(located: Located) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(Path(located.file))}}
    if located.line:
        place["region"] = {"startLine": located.line}
    subject = located.finding.subject
    if subject is None:
        return {"physicalLocation": place}
    name = "/".join(filter(None, (subject.namespace, subject.name, subject.capability)))
    logical = [{"fullyQualifiedName": name, "kind": subject.kind}]
    return {"physicalLocation": place, "logicalLocations": logical}


def _uri(file: Path) -> str:
    """Relative files stay relative, so that they match whatever was checked out."""
    return file.as_uri() if file.is_absolute() else quote(file.as_posix())
