"""Which Agents serve a Channel, and why."""

from lmos.core.resolver.explain import Explanation, Finding, explain
from lmos.core.resolver.match import (
    Mismatch,
    Offer,
    capability_keys,
    is_meant,
    mismatches,
    readable_version,
    related,
    requirement_key,
    serves,
)
from lmos.core.resolver.near_misses import Miss, NearMiss, near_misses
from lmos.core.resolver.remedies import Action, Remedy
from lmos.core.resolver.report import explanation_to_json, finding_to_json, required_to_json
from lmos.core.resolver.resolve import (
    Reason,
    Rejected,
    Resolution,
    Unresolved,
    Wire,
    range_of,
    resolve,
    serving,
)
from lmos.core.resolver.wording import message_of, miss_text, reason_text, render

__all__ = [
    "Action",
    "Explanation",
    "Finding",
    "Mismatch",
    "Miss",
    "NearMiss",
    "Offer",
    "Reason",
    "Rejected",
    "Remedy",
    "Resolution",
    "Unresolved",
    "Wire",
    "capability_keys",
    "explain",
    "explanation_to_json",
    "finding_to_json",
    "is_meant",
    "message_of",
    "mismatches",
    "miss_text",
    "near_misses",
    "range_of",
    "readable_version",
    "reason_text",
    "related",
    "render",
    "required_to_json",
    "requirement_key",
    "resolve",
    "serves",
    "serving",
]
