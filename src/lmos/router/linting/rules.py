"""All rules, over Agents and the Channels that require them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resolver import message_of
from lmos.core.resolver.wording import remedy_text
from lmos.router.linting.claims import claimed_twice
from lmos.router.linting.confusion import confusions
from lmos.router.linting.examples import shared_examples, weak_examples
from lmos.router.linting.findings import Finding, Rule, Severity, Subject
from lmos.router.linting.meetings import meetings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lmos.core.resolver import Explanation
    from lmos.core.resources import Agent
    from lmos.ports.models import Encoder

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def lint(
    agents: Sequence[Agent],
    explanations: Sequence[Explanation],
    encoder: Callable[[], Encoder],
    *,
    is_complete: bool = True,
) -> tuple[Finding, ...]:
    """
    What every rule finds, the worst first, each finding once.

    Args:
        agents: Agents, each with a namespace and no two of the same name in one.
        explanations: Of the Channels that these Agents may serve.
        encoder: Makes the encoder by which examples are judged; not called where no two Agents meet.
        is_complete: Whether there are no Agents besides; else a requirement that nobody meets is a note.
    """
    found = [*_unroutable(explanations, is_complete=is_complete)]
    for agent in agents:
        found += weak_examples(agent)
    met = meetings(agents)
    loaded = encoder() if any(len(meeting) > 1 for meeting in met) else None
    for meeting in met:
        found += claimed_twice(meeting, explanations)
        found += shared_examples(meeting)
        if loaded is not None:
            found += confusions(meeting, loaded)
    return tuple(sorted(_each_once(found), key=_order))


def _unroutable(explanations: Sequence[Explanation], *, is_complete: bool) -> Iterator[Finding]:
    for explanation in explanations:
        channel = explanation.channel
        for missing in explanation.findings:
            if missing.wire is None:
                remedy = next(iter(missing.remedies), None)
                yield Finding(
                    Rule.UNROUTABLE,
                    Severity.ERROR if is_complete else Severity.NOTE,
                    f"Channel {channel.name} requires {message_of(missing)}",
                    remedy_text(remedy, channel) if remedy else "Install an Agent that provides it.",
                    Subject(channel.KIND.kind, channel.namespace, channel.name, missing.required.name),
                )


def _each_once(found: Sequence[Finding]) -> list[Finding]:
    """Agents that meet in several Channels are told of once, by the worst that was found."""
    kept: dict[object, Finding] = {}
    for finding in sorted(found, key=_order):
        kept.setdefault((finding.rule, finding.subject, finding.other, finding.texts), finding)
    return list(kept.values())


def _order(finding: Finding) -> tuple[object, ...]:
    return (
        _RANK[finding.severity],
        finding.subject or Subject("", "", ""),
        list(Rule).index(finding.rule),
        finding.texts,
        -(finding.probability or 0.0),
    )
