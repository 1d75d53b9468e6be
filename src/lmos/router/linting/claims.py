"""Capabilities of one name that two Agents provide where they meet."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from lmos.core.resolver import readable_version
from lmos.router.linting.findings import Finding, Rule, Severity, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lmos.core.resolver import Explanation
    from lmos.core.resources import Agent
    from lmos.core.versions import Version

_SUGGESTION = (
    "Let one of them provide it, or keep them apart: by Tenant, Channel, Subset, or versions that no"
    " range admits together."
)


def claimed_twice(meeting: Sequence[Agent], explanations: Sequence[Explanation]) -> Iterator[Finding]:
    """
    A Capability that two Agents claim for the same requirements.

    The same version is an error: which of them is wired says only the order of their names. Different
    versions are a warning where one range admits both: that of a Channel, or `^` of the lower one where no
    Channel requires the Capability.
    """
    provided = [(agent, _versions(agent)) for agent in meeting]
    for (first, ours), (second, theirs) in combinations(provided, 2):
        for name, versions in ours.items():
            if name not in theirs:
                continue
            if same := sorted(versions & theirs[name]):
                yield _same_version(first, second, name, str(same[-1]))
            elif _one_range_admits_both(first, second, name, explanations):
                yield _other_version(first, second, name, max(versions), max(theirs[name]))


def _versions(agent: Agent) -> dict[str, set[Version]]:
    found: dict[str, set[Version]] = {}
    for provided in agent.spec.provided_capabilities:
        version = readable_version(provided)
        if version is not None:
            found.setdefault(provided.name, set()).add(version)
    return found


def _one_range_admits_both(
    first: Agent, second: Agent, name: str, explanations: Sequence[Explanation]
) -> bool:
    requiring = [
        finding
        for explanation in explanations
        for finding in explanation.findings
        if finding.required.name == name
    ]
    if not requiring:
        majors = [{version.major for version in _versions(agent)[name]} for agent in (first, second)]
        return bool(majors[0] & majors[1])
    both = {(first.namespace, first.name), (second.namespace, second.name)}
    return any(
        both <= {(offer.agent.namespace, offer.agent.name) for offer in finding.candidates}
        for finding in requiring
    )


def _same_version(first: Agent, second: Agent, name: str, version: str) -> Finding:
    return Finding(
        Rule.CLAIMED_TWICE,
        Severity.ERROR,
        f"Agents {first.name} and {second.name} both provide {name} {version}; where both may serve a"
        f" Channel, {first.name} is wired for no better reason than its name.",
        _SUGGESTION,
        Subject.of(second, name),
        Subject.of(first, name),
    )


def _other_version(first: Agent, second: Agent, name: str, ours: Version, theirs: Version) -> Finding:
    older, newer = (first, second) if ours < theirs else (second, first)
    return Finding(
        Rule.CLAIMED_TWICE,
        Severity.WARNING,
        f"Agents {older.name} and {newer.name} both provide {name}, at {min(ours, theirs)} and"
        f" {max(ours, theirs)}; a range that admits both leaves one of them without questions.",
        _SUGGESTION,
        Subject.of(older, name),
        Subject.of(newer, name),
    )
