"""What is wrong with Agents' Capabilities and examples, seen before any user asks."""

from lmos.router.linting.findings import RULES, Finding, Rule, Severity, Subject
from lmos.router.linting.rules import lint

__all__ = ["RULES", "Finding", "Rule", "Severity", "Subject", "lint"]
