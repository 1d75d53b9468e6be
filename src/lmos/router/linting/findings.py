"""What a rule found: about whom, how bad it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lmos.core.resources import Agent


class Severity(StrEnum):
    """How bad a finding is: users are misled, they may be, or it is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(StrEnum):
    """What is looked for."""

    UNREADABLE = "unreadable"
    UNKNOWN_AGENT = "unknown-agent"
    UNROUTABLE = "unroutable"
    CLAIMED_TWICE = "claimed-twice"
    OVERLAPPING = "overlapping"
    SENT_ELSEWHERE = "sent-elsewhere"
    DUPLICATE_EXAMPLE = "duplicate-example"
    NO_EXAMPLES = "no-examples"
    ONE_LANGUAGE = "one-language"


RULES = {
    Rule.UNREADABLE: "A manifest or a Python file with Agents cannot be used as it stands.",
    Rule.UNKNOWN_AGENT: "What an Agent can do is said nowhere in these files.",
    Rule.UNROUTABLE: "A Channel requires a Capability that no user of it can be routed to.",
    Rule.CLAIMED_TWICE: "Two Agents that may serve one Channel provide a Capability of the same name.",
    Rule.OVERLAPPING: "The router often mistakes Capabilities of two Agents for each other.",
    Rule.SENT_ELSEWHERE: "The router sends an example that it has not seen to another Agent.",
    Rule.DUPLICATE_EXAMPLE: "The same example stands twice.",
    Rule.NO_EXAMPLES: "A Capability has no examples.",
    Rule.ONE_LANGUAGE: "A Capability has examples in one language only, others of its Agent in two.",
}
"""Every rule in a sentence."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """Whom a finding is about: an Agent or a Channel, and which Capability of it."""

    kind: str
    namespace: str
    name: str
    capability: str = ""

    @classmethod
    def of(cls, agent: Agent, capability: str = "") -> Subject:
        """An Agent, or a Capability of it."""
        return cls(agent.KIND.kind, agent.namespace, agent.name, capability)

    def to_json(self) -> dict[str, str]:
        """`{kind, namespace, name, capability}`."""
        return {
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "capability": self.capability,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that a rule found.

    Attributes:
        message: What is so, in a sentence.
        suggestion: What to do about it.
        subject: Whom it is about; None where that could not be read.
        other: With whom it collides; None where that is nobody.
        texts: The examples of `subject` that it is about.
        other_texts: Those of `other`.
        probability: That an example is meant for `other`, as the router sees it, 0 to 1.
    """

    rule: Rule
    severity: Severity
    message: str
    suggestion: str
    subject: Subject | None = None
    other: Subject | None = None
    texts: tuple[str, ...] = ()
    other_texts: tuple[str, ...] = ()
    probability: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with null for what does not apply."""
        return {
            "rule": str(self.rule),
            "severity": str(self.severity),
            "subject": self.subject.to_json() if self.subject else None,
            "texts": list(self.texts),
            "other": self.other.to_json() if self.other else None,
            "otherTexts": list(self.other_texts),
            "probability": self.probability,
            "message": self.message,
            "suggestion": self.suggestion,
        }
