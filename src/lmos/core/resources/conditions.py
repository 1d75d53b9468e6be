"""Conditions: what is true of an object right now, why, and since when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lmos.core.resources.kinds import Manifest
from lmos.core.resources.model import Model

ACCEPTED = "Accepted"
"""The object can be read, and all of it counts."""
RESOLVED = "Resolved"
"""Every Capability that a Channel requires is wired."""
DISCOVERED = "Discovered"
"""An Agent's description was fetched from its workload."""
READY = "Ready"
"""The object does its work."""


Status = Literal["True", "False", "Unknown"]

MAX_MESSAGE = 32768
"""The API admits no longer messages; what people write into manifests can make ours longer."""


def _cut(message: Any) -> Any:  # noqa: ANN401 - whatever stands in the manifest
    return message[:MAX_MESSAGE] if isinstance(message, str) else message


class Condition(Model):
    """One statement about an object, in the shape of `metav1.Condition`."""

    type: Annotated[str, Field(description="What is stated, for example Ready.", max_length=316)]
    status: Annotated[Status, Field(description="Whether it holds.")]
    reason: Annotated[
        str,
        Field(
            description="Why, as one word for machines; on failure the code of the error.",
            max_length=1024,
            pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        ),
    ]
    message: Annotated[
        str,
        BeforeValidator(_cut),
        Field(description="Why, as a sentence for people.", max_length=MAX_MESSAGE),
    ] = ""
    observed_generation: Annotated[
        int | None, Field(description="The generation of the object that this is about.", ge=0)
    ] = None
    last_transition_time: Annotated[
        datetime | None, Field(description="Since when the status is what it is.")
    ] = None


Conditions = Annotated[
    tuple[Condition, ...],
    Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
]


def condition_of(conditions: Sequence[Condition], condition_type: str) -> Condition | None:
    """The condition of that type, or None."""
    return next((condition for condition in conditions if condition.type == condition_type), None)


def conditions_after(
    previous: Iterable[Manifest], said: Iterable[tuple[str, Status, str, str]], now: datetime
) -> list[Manifest]:
    """
    The conditions to write after `previous`, as they stand in a manifest.

    Args:
        previous: Those that are there.
        said: Type, status, reason and message of those that are stated now.
        now: The time, for those whose status changes.
    """
    conditions = tuple(Condition.model_validate(each) for each in previous)
    for name, status, reason, message in said:
        new = Condition(type=name, status=status, reason=reason, message=message)
        conditions = with_condition(conditions, new, now)
    return [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in conditions]


def with_condition(existing: Sequence[Condition], new: Condition, now: datetime) -> tuple[Condition, ...]:
    """
    `existing` with `new` in the place of the one of its type, or at the end.

    `last_transition_time` becomes `now`, to the second, unless the status is the same as before.
    """
    before = condition_of(existing, new.type)
    since = before.last_transition_time if before is not None and before.status == new.status else None
    stated = new.model_copy(update={"last_transition_time": since or now.replace(microsecond=0)})
    if before is None:
        return (*existing, stated)
    return tuple(stated if condition.type == new.type else condition for condition in existing)
