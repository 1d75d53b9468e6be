"""Requests read: the place that a path names, and what query and headers ask for."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from dataclasses import dataclass
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
    from collections.abc import Mapping

    from starlette.requests import Request

    from lmos.apiserver.kinds import Catalogue

BODY_LIMIT_BYTES = 3 * 1024 * 1024
REQUEST_SECONDS = 60.0
_SUBRESOURCES_OF_NAMESPACES = frozenset({"status", "finalize"})
_MANAGER_LIMIT = 128
_DIGITS_LIMIT = 18
_GRACE_DIGITS_LIMIT = 9
# Durations as Go writes them.
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d{1,9}(?:\.\d*)?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"|[-+]?(?:0|(?:{_DURATION_PART.pattern})+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: a collection (no name), an object, or a subresource of it."""

    place: Place
    subresource: str = ""


def target_of(catalogue: Catalogue, group: str, version: str, path: str) -> Target:
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
    if len(steps) == 1:
        name = subresource = ""
        rest = []
    resource = catalogue.find(group, version, plural)
    is_misplaced = resource and namespace and not resource.kind.namespaced
    if resource is None or is_misplaced or any(rest):
        raise path_not_found()
    if subresource and subresource not in resource.subresources:
        raise path_not_found()
    if name and resource.kind.namespaced and not namespace:
        raise path_not_found()
    return Target(Place(resource, namespace, name), subresource)


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
        ApiError: 422 for a field manager or a field validation that cannot be.
    """
    query, options = request.query_params, options_of(request)
    agent = request.headers.get("user-agent", "").partition("/")[0]
    manager = query.get("fieldManager") or agent[:_MANAGER_LIMIT] or "unknown"
    if len(manager) > _MANAGER_LIMIT:
        message = f"Too long: may not be more than {_MANAGER_LIMIT} bytes"
        raise invalid_options(options, Cause("fieldManager", message, "FieldValueTooLong"))
    if not manager.isprintable():
        raise invalid_options(
            options, Cause("fieldManager", "Invalid value: should only contain printable characters")
        )
    unknown_fields = query.get("fieldValidation") or "Warn"
    if unknown_fields not in ("Ignore", "Warn", "Strict"):
        message = f'Unsupported value: "{unknown_fields}": supported values: "", "Ignore", "Strict", "Warn"'
        raise invalid_options(options, Cause("fieldValidation", message, "FieldValueNotSupported"))
    doubtful = () if unknown_fields == "Ignore" else repeated_fields(body, media_type_of(request), sent)
    strictness = cast("Literal['Ignore', 'Warn', 'Strict']", unknown_fields)
    return Intent(manager, now, subresource, strictness, doubtful)


def options_of(request: Request) -> str:
    """What Kubernetes calls the parameters of such a request: `PatchOptions` and the like."""
    names = {"POST": "Create", "PUT": "Update", "PATCH": "Patch", "DELETE": "Delete"}
    return f"{names.get(request.method, 'List')}Options"


def is_dry_run(value: str, options: str) -> bool:
    """Whether nothing is to be stored. Raises ApiError 422 for anything but `All`."""
    if value not in ("", "All"):
        message = f'Unsupported value: ["{value}"]: supported values: "All"'
        raise invalid_options(options, Cause("dryRun", message, "FieldValueNotSupported"))
    return bool(value)


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
    """How to delete, from DeleteOptions in the body or the query. Raises ApiError 400."""
    options = decode(body, media_type) if body.strip() else {}
    if not isinstance(options, dict):
        raise bad_request("the body of a deletion is a DeleteOptions object")
    preconditions = options.get("preconditions") or {}
    if not isinstance(preconditions, dict):
        raise bad_request("the preconditions of a deletion are an object")
    propagation = options.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
    if options.get("orphanDependents") or query.get("orphanDependents") == "true":
        propagation = "Orphan"
    if propagation not in ("Background", "Foreground", "Orphan"):
        supported = '"Foreground", "Background", "Orphan", "nil"'
        message = f'Unsupported value: "{propagation}": supported values: {supported}'
        raise invalid_options("DeleteOptions", Cause("propagationPolicy", message, "FieldValueNotSupported"))
    dry_run = options.get("dryRun") or [query.get("dryRun", "")]
    grace = options.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    return Removal(
        propagation=cast("Literal['Background', 'Foreground', 'Orphan']", propagation),
        grace_seconds=None if grace is None else _grace(grace),
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        is_dry_run=any(is_dry_run(value, "DeleteOptions") for value in dry_run),
    )


def _grace(value: Json) -> int:
    """A grace period in seconds; a negative one means the shortest. Raises ApiError 400."""
    text = str(value)
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > _GRACE_DIGITS_LIMIT:
        raise bad_request(f"gracePeriodSeconds {value!r} is not a number of seconds")
    return int(text) if int(text) >= 0 else 1


def whole_number(query: Mapping[str, str], name: str, default: int = 0) -> int:
    """A number of the query. Raises ApiError 400."""
    text = query.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_LIMIT:
        raise bad_request(f"{name} {text!r} is not a number")
    return int(text)


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
