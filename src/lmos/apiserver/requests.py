"""Requests read: the place that a path names, and what query and headers ask for."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import orjson

from lmos.apiserver.objects import Intent
from lmos.apiserver.selectors import field_tests, label_test
from lmos.apiserver.server import Place, Removal
from lmos.apiserver.status import bad_request, path_not_found, too_large
from lmos.apiserver.values import Json, decode
from lmos.apiserver.watch import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from lmos.apiserver.kinds import Catalogue

BODY_LIMIT_BYTES = 3 * 1024 * 1024
_SUBRESOURCES_OF_NAMESPACES = frozenset({"status", "finalize"})
_MANAGER_LIMIT = 128
_DIGITS_LIMIT = 18


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


async def body_of_request(request: Request) -> bytes:
    """
    The whole body.

    Raises:
        ApiError: 413 when it is larger than BODY_LIMIT_BYTES.
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT_BYTES:
            raise too_large(BODY_LIMIT_BYTES)
        chunks.append(chunk)
    return b"".join(chunks)


def media_type_of(request: Request) -> str:
    """The body's media type without parameters; JSON where nothing is said."""
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def intent_of(request: Request, now: str, subresource: str) -> Intent:
    """
    Who writes and how.

    Raises:
        ApiError: 400 for a field manager or a field validation that cannot be.
    """
    query = request.query_params
    agent = request.headers.get("user-agent", "").partition("/")[0]
    manager = query.get("fieldManager") or agent[:_MANAGER_LIMIT] or "unknown"
    if len(manager) > _MANAGER_LIMIT or not manager.isprintable():
        raise bad_request(f"fieldManager must be printable and at most {_MANAGER_LIMIT} characters")
    unknown_fields = query.get("fieldValidation") or "Warn"
    if unknown_fields not in ("Ignore", "Warn", "Strict"):
        raise bad_request(f"fieldValidation {unknown_fields!r} is none of Ignore, Warn, Strict")
    return Intent(manager, now, subresource, cast("Literal['Ignore', 'Warn', 'Strict']", unknown_fields))


def is_dry_run(query: Mapping[str, str]) -> bool:
    """Whether nothing is to be stored. Raises ApiError 400 for anything but `All`."""
    value = query.get("dryRun", "")
    if value not in ("", "All"):
        raise bad_request(f"dryRun {value!r} is not All")
    return bool(value)


def selection_of(query: Mapping[str, str], namespace: str) -> Selection:
    """The objects that labelSelector and fieldSelector mean. Raises ApiError 400."""
    tests = field_tests(query.get("fieldSelector", ""))
    name = next((value for path, equal, value in tests if path == "metadata.name" and equal), "")
    return Selection(
        namespace=namespace,
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
        raise bad_request(f"propagationPolicy {propagation!r} is none of Background, Foreground, Orphan")
    dry_run = options.get("dryRun") or [query.get("dryRun", "")]
    return Removal(
        propagation=cast("Literal['Background', 'Foreground', 'Orphan']", propagation),
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        is_dry_run=any(is_dry_run({"dryRun": value}) for value in dry_run),
    )


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
