"""Requests read: the place that a path names, and what query and headers ask for."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Literal, cast

import orjson

from lmos.apiserver.objects import Intent
from lmos.apiserver.repeated import repeated_fields
from lmos.apiserver.selectors import field_tests, label_test
from lmos.apiserver.server import Place, Removal
from lmos.apiserver.status import Cause, bad_request, invalid_options, path_not_found, timed_out, too_large
from lmos.apiserver.values import Json, decode
from lmos.apiserver.watch import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from starlette.requests import Request

    from lmos.apiserver.kinds import Catalogue

BODY_LIMIT_BYTES = 3 * 1024 * 1024
REQUEST_SECONDS = 60.0
_SUBRESOURCES_OF_NAMESPACES = frozenset({"status", "finalize"})
_MANAGER_LIMIT = 128
_DIGITS_LIMIT = 18
_LONGEST_SECONDS = 10**9
_MATCH = "resourceVersionMatch"
# What Kubernetes calls the parameters of each method.
_OPTIONS = {"POST": "Create", "PUT": "Update", "PATCH": "Patch"}
# Durations as Go writes them.
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d{1,9}(?:\.\d*)?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"|[-+]?(?:0|(?:{_DURATION_PART.pattern})+)", re.ASCII)


def place_of(catalogue: Catalogue, group: str, version: str, path: str) -> Place:
    """
    Read the part of a path that follows group and version.

    Raises:
        ApiError: 404 when no such resource is served.
    """
    steps = path.split("/")
    if "" in steps:
        raise path_not_found()
    namespace = ""
    is_within = steps[0] == "namespaces" and len(steps) > 2  # noqa: PLR2004 (namespaces/{name}/{plural})
    if is_within and (group or steps[2] not in _SUBRESOURCES_OF_NAMESPACES):
        namespace, steps = steps[1], steps[2:]
    plural, name, subresource, *rest = (*steps, "", "")
    resource = catalogue.find(group, version, plural)
    if resource is None or any(rest) or subresource not in ("", *resource.subresources):
        raise path_not_found()
    # Only lists and watches reach over all namespaces.
    if bool(namespace) is not resource.kind.namespaced and (namespace or name):
        raise path_not_found()
    return Place(resource, namespace, name, subresource)


async def body_of_request(request: Request, seconds: float) -> bytes:
    """
    The whole body.

    Raises:
        ApiError: 413 when it is larger than BODY_LIMIT_BYTES, 504 when it does not come within `seconds`.
    """
    chunks, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > BODY_LIMIT_BYTES:
                    raise too_large(BODY_LIMIT_BYTES)
                chunks.append(chunk)
    except TimeoutError as error:
        raise timed_out("the request did not come to its end within the allotted time") from error
    return b"".join(chunks)


def seconds_for(query: Mapping[str, str]) -> float:
    """
    How long a request may take: as `timeout` says (`1m30s`), but no longer than REQUEST_SECONDS.

    Raises:
        ApiError: 400 when it is no duration.
    """
    duration = query.get("timeout", "")
    if not _DURATION.fullmatch(duration):
        why = f'time: invalid duration "{duration}"'
        raise bad_request(f"invalid timeout specified in the request URL - {why}")
    parts = _DURATION_PART.findall(duration)
    seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    return min(seconds, REQUEST_SECONDS) if seconds and not duration.startswith("-") else REQUEST_SECONDS


def media_type_of(request: Request) -> str:
    """The body's media type without parameters; JSON where nothing is said."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def intent_of(request: Request, now: str, subresource: str, body: bytes, sent: Json) -> Intent:
    """
    Who writes and how, with a `body` that was read as `sent`.

    Raises:
        ApiError: 422 for a field manager, a field validation or a dry run that cannot be.
    """
    query = request.query_params
    agent = request.headers.get("user-agent", "").partition("/")[0]
    manager = query.get("fieldManager") or agent[:_MANAGER_LIMIT] or "unknown"
    strictness, dry_run = query.get("fieldValidation") or "Warn", query.get("dryRun", "")
    refuse_options(f"{_OPTIONS[request.method]}Options", _write_problems(manager, strictness, dry_run))
    doubtful = () if strictness == "Ignore" else repeated_fields(body, media_type_of(request), sent)
    unknown_fields = cast("Literal['Ignore', 'Warn', 'Strict']", strictness)
    return Intent(manager, now, subresource, unknown_fields, doubtful, is_dry_run=bool(dry_run))


def refuse_options(kind: str, problems: Iterable[Cause]) -> None:
    """Raise ApiError 422 where the parameters of a request, `PatchOptions` and the like, have problems."""
    if causes := list(problems):
        raise invalid_options(kind, causes)


def _write_problems(manager: str, strictness: str, dry_run: str) -> Iterator[Cause]:
    if len(manager) > _MANAGER_LIMIT:
        yield Cause("fieldManager", f"Too long: may not be more than {_MANAGER_LIMIT} bytes")
    elif not manager.isprintable():
        yield Cause("fieldManager", "Invalid value: should only contain printable characters")
    if strictness not in ("Ignore", "Warn", "Strict"):
        yield _unsupported("fieldValidation", strictness, '"", "Ignore", "Strict", "Warn"')
    yield from _dry_run_problems(dry_run)


def _dry_run_problems(value: str) -> Iterator[Cause]:
    if value not in ("", "All"):
        yield Cause("dryRun", f'Unsupported value: ["{value}"]: supported values: "All"')


def _unsupported(option: str, value: str, supported: str) -> Cause:
    return Cause(option, f'Unsupported value: "{value}": supported values: {supported}')


def list_problems(query: Mapping[str, str]) -> Iterator[Cause]:
    """What the parameters of a list may not ask for."""
    match, version = query.get(_MATCH, ""), query.get("resourceVersion", "")
    if "sendInitialEvents" in query:
        yield Cause("sendInitialEvents", "Forbidden: sendInitialEvents is forbidden for list")
    if match and not version:
        yield Cause(_MATCH, f"Forbidden: {_MATCH} is forbidden unless resourceVersion is provided")
    if match == "Exact" and version == "0":
        yield Cause(_MATCH, f'Forbidden: {_MATCH} "exact" is forbidden for resourceVersion "0"')
    if match not in ("", "Exact", "NotOlderThan"):
        yield _unsupported(_MATCH, match, '"Exact", "NotOlderThan", ""')


def watch_problems(query: Mapping[str, str]) -> Iterator[Cause]:
    """What the parameters of a watch may not ask for."""
    match, begins = query.get(_MATCH, ""), "sendInitialEvents" in query
    if begins and match != "NotOlderThan":
        yield Cause(_MATCH, f"Forbidden: sendInitialEvents requires setting {_MATCH} to NotOlderThan")
    if match and not begins:
        why = f"{_MATCH} is forbidden for watch unless sendInitialEvents is provided"
        yield Cause(_MATCH, f"Forbidden: {why}")
    if match not in ("", "NotOlderThan"):
        yield _unsupported(_MATCH, match, '"NotOlderThan"')


def selection_of(query: Mapping[str, str], place: Place) -> Selection:
    """The objects of a collection that labelSelector and fieldSelector mean. Raises ApiError 400."""
    tests = field_tests(query.get("fieldSelector", ""))
    for path, _, _ in tests:
        if path not in place.resource.selectable:
            raise bad_request(f"field label not supported: {path}")
    name = next((value for path, equal, value in tests if path == "metadata.name" and equal), "")
    return Selection(
        namespace=place.namespace,
        name=name,
        labels=label_test(query.get("labelSelector", "")),
        fields=tuple(test for test in tests if test != ("metadata.name", True, name)),
    )


def removal_of(query: Mapping[str, str], body: bytes, media_type: str) -> Removal:
    """How to delete, from DeleteOptions in the body or the query. Raises ApiError 400 or 422."""
    options = decode(body, media_type) if body.strip() else {}
    preconditions = options.get("preconditions") or {} if isinstance(options, dict) else None
    if not isinstance(preconditions, dict):
        raise bad_request("the body of a deletion is a DeleteOptions object, and so are its preconditions")
    propagation = options.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
    if options.get("orphanDependents") or query.get("orphanDependents") == "true":
        propagation = "Orphan"
    dry_run = options.get("dryRun") or [query.get("dryRun", "")]
    problems = list(chain.from_iterable(map(_dry_run_problems, dry_run)))
    if propagation not in ("Background", "Foreground", "Orphan"):
        supported = '"Foreground", "Background", "Orphan", "nil"'
        problems.append(_unsupported("propagationPolicy", propagation, supported))
    refuse_options("DeleteOptions", problems)
    grace = number_of({**query, **options}, "gracePeriodSeconds")
    return Removal(
        propagation=cast("Literal['Background', 'Foreground', 'Orphan']", propagation),
        # A negative period means the shortest.
        grace_seconds=1 if grace and grace < 0 else grace and min(grace, _LONGEST_SECONDS),
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        is_dry_run=any(dry_run),
    )


def is_true(query: Mapping[str, str], name: str) -> bool:
    """Whether the query says so."""
    return query.get(name) in ("true", "1")


def number_of(options: Mapping[str, Json], name: str) -> int | None:
    """A whole number among options; None where it is not given. Raises ApiError 400."""
    if options.get(name) in (None, ""):
        return None
    text = str(options[name])
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > _DIGITS_LIMIT:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def whole_number(query: Mapping[str, str], name: str) -> int:
    """A number of the query that is not negative, 0 where it is not given. Raises ApiError 400."""
    number = number_of(query, name) or 0
    if number < 0:
        raise bad_request(f"{name} {number} is negative")
    return number


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list in pages goes on: at which version, and after which object."""

    version: int
    after: tuple[str, str]

    def token(self) -> str:
        """As the `continue` of a list."""
        return base64.urlsafe_b64encode(orjson.dumps([self.version, *self.after])).decode()


def page_of(token: str) -> Page:
    """Read a `continue` token. Raises ApiError 400."""
    try:
        value: Json = orjson.loads(base64.urlsafe_b64decode(token))
        version, namespace, name = value
        return Page(int(version), (str(namespace), str(name)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_request("the continue parameter is not one of ours") from error
