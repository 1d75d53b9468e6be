"""Statuses and Events: how a decision is told to those who look at an object."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from lmos.core.planning.plan import RecordEvent, WriteStatus
from lmos.core.resources import Condition, condition_of, with_condition
from lmos.core.resources.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from lmos.core.resources import Resource
    from lmos.core.resources.agent import AgentStatus
    from lmos.core.resources.channel import ChannelStatus

COMPONENT = "lmos-operator"
MAX_EVENT_CHARACTERS = 1024


def stated(
    present: Sequence[Condition], statements: Iterable[Condition], now: datetime
) -> tuple[Condition, ...]:
    """
    Our conditions after `statements`.

    Those of types that nobody states now stay as they are: they belong to the same object, and all of our
    conditions are written together.
    """
    conditions = tuple(present)
    for statement in statements:
        conditions = with_condition(conditions, statement, now)
    return conditions


def write_status(resource: Resource, status: AgentStatus | ChannelStatus) -> WriteStatus:
    """The change that makes `status` the status of `resource`."""
    changed = resource.model_copy(update={"status": status}).to_manifest()
    return WriteStatus(
        {
            "apiVersion": changed["apiVersion"],
            "kind": changed["kind"],
            "metadata": {"name": resource.name, "namespace": resource.namespace},
            "status": changed["status"],
        }
    )


def is_true(conditions: Sequence[Condition], condition_type: str) -> bool:
    """Whether the condition of that type is there and holds."""
    condition = condition_of(conditions, condition_type)
    return condition is not None and condition.status == "True"


def event(
    about: Resource,
    kind: Literal["Normal", "Warning"],
    reason: str,
    message: str,
    *,
    occasion: str,
    now: datetime,
) -> RecordEvent:
    """
    A Kubernetes Event about an object.

    Args:
        about: The object; the Event lives in its namespace.
        kind: Normal, or Warning where somebody should act.
        reason: One word for machines, the code of an error.
        message: A sentence for people; cut off at the 1,024 characters that the API admits.
        occasion: Tells Events of one content apart. The same occasion gives the same name, so that what is
            noticed again and again is recorded once.
        now: When it happened.
    """
    identity = (about.metadata.uid, kind, reason, message, occasion)
    digest = sha256(repr(identity).encode()).hexdigest()
    stamp = timestamp(now)
    involved = {
        "apiVersion": about.KIND.api_version,
        "kind": about.KIND.kind,
        "name": about.name,
        "namespace": about.namespace,
    }
    if about.metadata.uid:
        involved["uid"] = about.metadata.uid
    return RecordEvent(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{about.name[:200]}.{digest[:16]}", "namespace": about.namespace},
            "involvedObject": involved,
            "type": kind,
            "reason": reason,
            "message": message[:MAX_EVENT_CHARACTERS],
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": COMPONENT,
        }
    )
