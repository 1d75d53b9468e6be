"""An explanation as JSON values, for `lmos explain -o json` and `lmos plan -o json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmos.core.resolver.wording import message_of, miss_text, remedy_text
from lmos.core.resources import Channel, ResolveStatus

if TYPE_CHECKING:
    from lmos.core.resolver.explain import Explanation, Finding
    from lmos.core.resolver.match import Offer
    from lmos.core.resolver.near_misses import NearMiss
    from lmos.core.resolver.remedies import Remedy
    from lmos.core.resources import RequiredCapability


def explanation_to_json(explanation: Explanation) -> dict[str, Any]:
    """`{namespace, name, resolveStatus, requirements: [one finding each], remedies}`."""
    channel = explanation.channel
    status = ResolveStatus.RESOLVED if explanation.is_resolved else ResolveStatus.UNRESOLVED
    return {
        "namespace": channel.namespace,
        "name": channel.name,
        "resolveStatus": str(status),
        "requirements": [finding_to_json(finding, channel) for finding in explanation.findings],
        "remedies": [_remedy(remedy, channel) for remedy in explanation.remedies],
    }


def finding_to_json(finding: Finding, channel: Channel) -> dict[str, Any]:
    """`{required, resolved, reason, message, wire, candidates, nearMisses, remedies}`."""
    wire = finding.wire
    return {
        "required": required_to_json(finding.required),
        "resolved": wire is not None,
        "reason": str(finding.reason) if finding.reason else "Wired",
        "message": message_of(finding),
        "wire": _provided(wire.agent.name, wire.provided.name, wire.provided.version) if wire else None,
        "candidates": [_candidate(offer) for offer in finding.candidates],
        "nearMisses": [_near_miss(miss, channel) for miss in finding.near_misses],
        "remedies": [_remedy(remedy, channel) for remedy in finding.remedies],
    }


def required_to_json(required: RequiredCapability) -> dict[str, str]:
    """A requirement as its manifest says it."""
    return required.model_dump(mode="json", by_alias=True)


def _provided(agent: str, name: str, version: str) -> dict[str, str]:
    return {"agent": agent, "capability": name, "version": version}


def _candidate(offer: Offer) -> dict[str, str]:
    return _provided(offer.agent.name, offer.provided.name, offer.provided.version)


def _near_miss(miss: NearMiss, channel: Channel) -> dict[str, Any]:
    return {
        **_provided(miss.agent.name, miss.provided.name, miss.provided.version),
        "misses": [str(one) for one in miss.misses],
        "message": miss_text(miss, channel),
    }


def _remedy(remedy: Remedy, channel: Channel) -> dict[str, str]:
    return {
        "action": str(remedy.action),
        "agent": remedy.agent,
        "value": remedy.value,
        "message": remedy_text(remedy, channel),
    }
