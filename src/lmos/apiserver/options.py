"""What the parameters of lists and watches may not ask for together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.apiserver.status import Cause, bad_request, invalid_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MATCH = "resourceVersionMatch"


def refuse_list_options(query: Mapping[str, str]) -> None:
    """
    Let a list be asked for.

    Raises:
        ApiError: 422 for parameters that do not go together, 400 for a version beside a `continue`.
    """
    if causes := tuple(_list_problems(query)):
        raise invalid_options("ListOptions", *causes)
    if query.get("continue") and query.get("resourceVersion", "0") != "0":
        raise bad_request("specifying resource version is not allowed when using continue")


def refuse_watch_options(query: Mapping[str, str]) -> None:
    """Let a watch be asked for. Raises ApiError 422 for parameters that do not go together."""
    if causes := tuple(_watch_problems(query)):
        raise invalid_options("ListOptions", *causes)


def _list_problems(query: Mapping[str, str]) -> Iterator[Cause]:
    match, version = query.get(_MATCH, ""), query.get("resourceVersion", "")
    if "sendInitialEvents" in query:
        yield _forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
    if match and not version:
        yield _forbidden(_MATCH, f"{_MATCH} is forbidden unless resourceVersion is provided")
    if match == "Exact" and version == "0":
        yield _forbidden(_MATCH, f'{_MATCH} "exact" is forbidden for resourceVersion "0"')
    if match not in ("", "Exact", "NotOlderThan"):
        yield _unsupported(match, '"Exact", "NotOlderThan", ""')


def _watch_problems(query: Mapping[str, str]) -> Iterator[Cause]:
    match, begins = query.get(_MATCH, ""), "sendInitialEvents" in query
    if begins and match != "NotOlderThan":
        yield _forbidden(_MATCH, f"sendInitialEvents requires setting {_MATCH} to NotOlderThan")
    if match and not begins:
        yield _forbidden(_MATCH, f"{_MATCH} is forbidden for watch unless sendInitialEvents is provided")
    if match not in ("", "NotOlderThan"):
        yield _unsupported(match, '"NotOlderThan"')


def _forbidden(field: str, why: str) -> Cause:
    return Cause(field, f"Forbidden: {why}", "FieldValueForbidden")


def _unsupported(value: str, supported: str) -> Cause:
    return Cause(
        _MATCH, f'Unsupported value: "{value}": supported values: {supported}', "FieldValueNotSupported"
    )
