"""The verbs on resources over HTTP: thin, from a request to the server and back."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lmos.apiserver.answers import (
    form_of,
    json_response,
    list_response,
    object_response,
    written_response,
)
from lmos.apiserver.patch import json_patched, merge_patched
from lmos.apiserver.requests import (
    Page,
    body_of_request,
    intent_of,
    is_dry_run,
    media_type_of,
    page_of,
    removal_of,
    selection_of,
    target_of,
    whole_number,
)
from lmos.apiserver.scale import scale_of, with_scale
from lmos.apiserver.server import Place, in_version
from lmos.apiserver.status import (
    ApiError,
    Cause,
    bad_request,
    invalid,
    method_not_allowed,
    success,
    unsupported_media_type,
)
from lmos.apiserver.strategic import strategic_patched
from lmos.apiserver.streams import LineStream, event_lines
from lmos.apiserver.values import Json, decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from starlette.datastructures import QueryParams
    from starlette.requests import Request
    from starlette.responses import Response

    from lmos.apiserver.answers import Form
    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.objects import Draft, Intent
    from lmos.apiserver.requests import Target
    from lmos.apiserver.server import Server
    from lmos.core.resources.kinds import Manifest

    Answer: TypeAlias = Response | LineStream

APPLY = "application/apply-patch+yaml"
WATCH_SECONDS = 1_800
_TRUE = ("true", "1")


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a resource, read as far as all verbs read it."""

    server: Server
    request: Request
    target: Target
    form: Form

    @property
    def query(self) -> QueryParams:
        """The query of the URL."""
        return self.request.query_params

    @property
    def place(self) -> Place:
        """The collection or object that the path names."""
        return self.target.place

    @property
    def resource(self) -> Resource:
        """The resource that the path names."""
        return self.target.place.resource

    @property
    def is_scale(self) -> bool:
        """Whether the path names the scale subresource."""
        return self.target.subresource == "scale"

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing is to be stored."""
        return is_dry_run(self.query)

    def intent(self) -> Intent:
        """Who writes and how; a scale is written through its object."""
        subresource = "" if self.is_scale else self.target.subresource
        return intent_of(self.request, self.server.timestamp(), subresource)

    def written(self, draft: Draft, code: int = 200) -> Response:
        """The answer to a write."""
        if self.is_scale:
            return json_response(scale_of(self.resource, draft.manifest), code)
        now = self.server.now()
        return written_response(self.resource, draft.manifest, self.form, now, code, draft.warnings)


async def answer(server: Server, request: Request) -> Answer:
    """
    Answer a request for a resource.

    Raises:
        ApiError: What Kubernetes refuses, with the Status to send.
        StorageError: The database failed.
    """
    steps, headers = request.path_params, request.headers
    target = target_of(server.catalogue, steps.get("group", ""), steps["version"], steps["path"])
    form = form_of(headers.get("accept", ""), request.query_params.get("includeObject", ""))
    call = Call(server, request, target, form)
    if request.method == "GET":
        return _read(call)
    body = await body_of_request(request)
    is_complete = bool(target.place.namespace) is target.place.resource.kind.namespaced
    match request.method:
        case "POST" if is_complete and not target.place.name:
            return _create(call, body)
        case "PUT" if target.place.name:
            return _update(call, body)
        case "PATCH" if target.place.name:
            return _patch(call, body)
        case "DELETE" if is_complete and not target.subresource:
            return _delete(call, body) if target.place.name else _delete_collection(call, body)
        case method:
            raise method_not_allowed(method)


def _read(call: Call) -> Answer:
    if not call.place.name:
        return _watch(call) if call.query.get("watch") in _TRUE else _list(call)
    entry = call.server.entry(call.place)
    if call.is_scale:
        return json_response(scale_of(call.resource, in_version(entry, call.resource)))
    return object_response(call.resource, entry, call.form, call.server.now())


def _list(call: Call) -> Response:
    server, query = call.server, call.query
    selection, limit = selection_of(query, call.place.namespace), whole_number(query, "limit")
    version = _known_version(call)
    page = page_of(query["continue"]) if query.get("continue") else None
    is_exact = query.get("resourceVersionMatch") == "Exact"
    at = page.version if page else version if is_exact else server.storage.version
    entries = server.entries(call.resource, selection, at)
    if page:
        entries = entries[bisect_right(entries, page.after, key=lambda entry: entry.key) :]
    metadata: Manifest = {"resourceVersion": str(at)}
    if limit and len(entries) > limit:
        metadata["continue"] = Page(at, entries[limit - 1].key).token()
        metadata["remainingItemCount"] = len(entries) - limit
        entries = entries[:limit]
    return list_response(call.resource, entries, metadata, call.form, server.now())


def _watch(call: Call) -> LineStream:
    server, query, resource = call.server, call.query, call.resource
    selection, version = selection_of(query, call.place.namespace), _known_version(call)
    marks_initial_end = query.get("sendInitialEvents") == "true"
    wants_bookmarks = query.get("allowWatchBookmarks") in _TRUE
    if marks_initial_end and not wants_bookmarks:
        raise bad_request("sendInitialEvents requires allowWatchBookmarks")
    # Without a version to go on from, a watch begins with what there is.
    begins = marks_initial_end or not version
    lines = event_lines(
        server,
        resource,
        selection,
        call.form,
        version=server.storage.version if begins else version,
        initial=server.entries(resource, selection) if begins else (),
        marks_initial_end=marks_initial_end,
        wants_bookmarks=wants_bookmarks,
    )
    return LineStream(lines, whole_number(query, "timeoutSeconds") or WATCH_SECONDS)


def _known_version(call: Call) -> int:
    """The resourceVersion asked for, 0 without one. Raises ApiError 504 when it is still to come."""
    version, current = whole_number(call.query, "resourceVersion"), call.server.storage.version
    if version > current:
        message = f"Too large resource version: {version}, current: {current}"
        cause = Cause("", "Too large resource version", "ResourceVersionTooLarge").as_detail()
        raise ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})
    return version


def _create(call: Call, body: bytes) -> Response:
    sent = decode(body, media_type_of(call.request))
    draft = call.server.create(call.place, sent, call.intent(), dry_run=call.is_dry_run)
    return call.written(draft, 201)


def _update(call: Call, body: bytes) -> Response:
    sent = decode(body, media_type_of(call.request))
    if call.is_scale:
        change = partial(with_scale, call.resource, sent)
        return call.written(call.server.patch(call.place, change, call.intent(), dry_run=call.is_dry_run))
    return call.written(call.server.update(call.place, sent, call.intent(), dry_run=call.is_dry_run))


def _patch(call: Call, body: bytes) -> Response:
    media_type, resource = media_type_of(call.request), call.resource
    if media_type == APPLY and not call.is_scale:
        return _apply(call, decode(body, media_type))
    patched = _patch_function(media_type, call)
    patch = decode(body, media_type)

    def change(live: Manifest) -> Json:
        if call.is_scale:
            return with_scale(resource, patched(scale_of(resource, live), patch), live)
        return patched(live, patch)

    return call.written(call.server.patch(call.place, change, call.intent(), dry_run=call.is_dry_run))


def _patch_function(media_type: str, call: Call) -> Callable[[Json, Json], Json]:
    """What makes a new value of a value and a patch. Raises ApiError 415."""
    match media_type:
        case "application/merge-patch+json":
            return merge_patched
        case "application/json-patch+json":
            return json_patched
        case "application/strategic-merge-patch+json" if not call.resource.is_custom:
            return partial(strategic_patched, {} if call.is_scale else call.resource.schema.tree)
        case _:
            raise unsupported_media_type(media_type)


def _apply(call: Call, sent: Json) -> Response:
    if not call.query.get("fieldManager"):
        cause = Cause("fieldManager", "Required value: is required for apply patch", "FieldValueRequired")
        raise invalid(call.resource.kind, call.place.name, [cause])
    force = call.query.get("force") in _TRUE
    draft, is_new = call.server.apply(call.place, sent, call.intent(), force=force, dry_run=call.is_dry_run)
    return call.written(draft, 201 if is_new else 200)


def _delete(call: Call, body: bytes) -> Response:
    removal = removal_of(call.query, body, media_type_of(call.request))
    uid = call.server.entry(call.place).uid
    held = call.server.delete(call.place, removal)
    if held:
        return json_response(in_version(held, call.resource))
    return json_response(success(call.resource.kind, call.place.name, uid))


def _delete_collection(call: Call, body: bytes) -> Response:
    server, resource = call.server, call.resource
    removal = removal_of(call.query, body, media_type_of(call.request))
    entries = server.entries(resource, selection_of(call.query, call.place.namespace))
    for entry in entries:
        # An earlier deletion of this very loop may have taken it along.
        if server.storage.find(resource.key, *entry.key):
            server.delete(Place(resource, *entry.key), removal)
    metadata = {"resourceVersion": str(server.storage.version)}
    return list_response(resource, entries, metadata, call.form, server.now())
