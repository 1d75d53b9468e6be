"""The names of CustomResourceDefinitions: in a group, each belongs to the first definition that wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lmos.core.resources.kinds import Manifest

_RESOURCE_NAMES = ("plural", "singular", "shortNames")
_KIND_NAMES = ("kind", "listKind")
_CONFLICTS = {
    "plural": "PluralConflict",
    "singular": "SingularConflict",
    "shortNames": "ShortNamesConflict",
    "kind": "KindConflict",
    "listKind": "ListKindConflict",
}


def is_established(definition: Manifest) -> bool:
    """Whether the definition is served."""
    return bool(_find(definition, "Established").get("status") == "True")


def with_accepted_names(definition: Manifest, others: Iterable[Manifest], now: str) -> Manifest:
    """
    The definition with the status that says which of its names are accepted.

    Args:
        definition: What wants names. Once it is established it stays so, by the names that it had.
        others: The other definitions of its group; what they were accepted by is taken.
        now: The time at which a condition changes.
    """
    others = list(others)
    status, wanted = definition["status"], definition["spec"]["names"]
    before = status.get("acceptedNames") or {}
    accepted = {"plural": "", "kind": "", **before}
    names = ("NamesAccepted", "True", "NoConflicts", "no conflicts found")
    for field, reason in _CONFLICTS.items():
        alike = _KIND_NAMES if field in _KIND_NAMES else _RESOURCE_NAMES
        taken = {name for other in others for name in _names(other["status"].get("acceptedNames"), alike)}
        refused = [name for name in _names(wanted, (field,)) if name in taken]
        if refused and wanted[field] != before.get(field):
            names = ("NamesAccepted", "False", reason, f'"{refused[0]}" is already in use')
        elif field in wanted:
            accepted[field] = wanted[field]
        else:
            accepted.pop(field, None)
    if "categories" in wanted:
        accepted["categories"] = wanted["categories"]
    if is_established(definition) or names[1] == "True":
        served = ("Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
    else:
        served = ("Established", "False", "NotAccepted", "not all names are accepted")
    conditions = [_condition(definition, *said, now) for said in (names, served)]
    return {**definition, "status": {**status, "conditions": conditions, "acceptedNames": accepted}}


def _names(names: Manifest | None, fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        value = (names or {}).get(field) or ()
        yield from [value] if isinstance(value, str) else value


def _condition(definition: Manifest, name: str, status: str, reason: str, message: str, now: str) -> Manifest:
    before = _find(definition, name)
    since = before["lastTransitionTime"] if before.get("status") == status else now
    words = {"type": name, "status": status, "reason": reason, "message": message}
    return words | {"lastTransitionTime": since}


def _find(definition: Manifest, condition: str) -> Manifest:
    conditions = definition["status"].get("conditions") or ()
    return next((item for item in conditions if item["type"] == condition), {})
