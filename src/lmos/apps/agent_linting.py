"""Linting the Agents of some files: what the rules find, and in which file and line."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmos.apps.agent_sources import AgentSources, read_agents
from lmos.apps.encoders import encoder_of
from lmos.core.planning import plan_documents
from lmos.core.planning.documents import DEFAULT_NAMESPACE
from lmos.core.resources.resource import identity_of
from lmos.router.evaluation import NothingToRoute
from lmos.router.linting import Finding, Rule, Severity, Subject, lint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lmos.core.errors import LmosError


@dataclass(frozen=True, slots=True)
class Located:
    """
    A finding and where it stands.

    Attributes:
        file: As it was named on the command line, or below what was named.
        line: From 1; 0 where it was not found.
    """

    finding: Finding
    file: str
    line: int

    def to_json(self) -> dict[str, Any]:
        """The finding's values with `file`, and `line` or null."""
        return self.finding.to_json() | {"file": self.file, "line": self.line or None}


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found in the files of so many Agents, the worst first."""

    findings: tuple[Located, ...]
    agents: int

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity."""
        return Counter(located.finding.severity for located in self.findings)

    def to_json(self) -> dict[str, Any]:
        """`{agents, counts: {error, warning, note}, findings}`."""
        return {
            "agents": self.agents,
            "counts": {str(severity): self.counts[severity] for severity in Severity},
            "findings": [located.to_json() for located in self.findings],
        }


def lint_files(paths: Sequence[Path]) -> LintReport:
    """
    Lint the Agents and Channels of manifests, folders of them and Python files; nothing needs to run.

    Raises:
        UnreadableManifest, BrokenAgentFile: Nothing at all can be read.
        NothingToRoute: There is neither an Agent nor the Deployment of one.
    """
    sources = read_agents(paths)
    if not sources.manifests and sources.problems:
        raise sources.problems[0]
    agents = sources.agents
    report = plan_documents([sourced.manifest for sourced in sources.manifests])
    problems = [_unreadable(problem, problem.source) for problem in sources.problems]
    places = _places(sources)
    for wrong in report.problems:
        subject = Subject(wrong.kind, wrong.namespace, wrong.name)
        problems.append(_unreadable(wrong.error, places.get(subject, ""), subject))
    problems += [
        _undescribed(sourced.source, sourced.manifest["metadata"]) for sourced in sources.undescribed
    ]
    if not agents and not problems:
        raise NothingToRoute
    is_complete = not sources.undescribed and not sources.problems
    found = lint(agents, report.channels, partial(encoder_of, os.environ), is_complete=is_complete)
    return LintReport((*problems, *_located(found, places)), len(agents))


def _places(sources: AgentSources) -> dict[Subject, str]:
    """The file of each object, of several alike the first."""
    places: dict[Subject, str] = {}
    for sourced in sources.manifests:
        kind, namespace, name = identity_of(sourced.manifest)
        places.setdefault(Subject(kind, namespace or DEFAULT_NAMESPACE, name), sourced.source)
    return places


def _unreadable(error: LmosError, file: str, subject: Subject | None = None) -> Located:
    finding = Finding(Rule.UNREADABLE, Severity.ERROR, error.message, error.hint, subject)
    return Located(finding, file, 0)


def _undescribed(file: str, metadata: dict[str, Any]) -> Located:
    subject = Subject("Deployment", metadata.get("namespace") or DEFAULT_NAMESPACE, metadata["name"])
    finding = Finding(
        Rule.UNKNOWN_AGENT,
        Severity.NOTE,
        f"What the Agent of Deployment {subject.name} can do is said nowhere in these files.",
        "Name its Python file too, or a manifest: lmos get agent NAME -o yaml, where it runs.",
        subject,
    )
    return Located(finding, file, _line(_lines_of(file), [subject.name]))


def _located(found: Sequence[Finding], places: dict[Subject, str]) -> Iterator[Located]:
    lines = {file: _lines_of(file) for file in set(places.values())}
    for finding in found:
        subject = finding.subject
        if subject is None:
            yield Located(finding, "", 0)
            continue
        file = places.get(Subject(subject.kind, subject.namespace, subject.name), "")
        words = [subject.name, *filter(None, (subject.capability,)), *finding.texts[:1]]
        yield Located(finding, file, _line(lines.get(file, []), words))


def _lines_of(file: str) -> list[str]:
    """The lines of a file; none where it cannot be read again, as standard input."""
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _line(lines: Sequence[str], words: Sequence[str]) -> int:
    """
    The line in which the last of `words` stands, each looked for from where the one before was found.

    What is not found, because it is folded or escaped, leaves it at the word before.
    """
    found = 0
    for word in words:
        whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
        start = max(found - 1, 0)
        found = next(
            (number for number, line in enumerate(lines[start:], start + 1) if whole.search(line)), found
        )
    return found
