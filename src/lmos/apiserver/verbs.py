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
from lmos.apiserver.logs import log_pieces, log_request_of
from lmos.apiserver.options import refuse_list_options, refuse_watch_options
from lmos.apiserver.patch import json_patched, merge_patched
from lmos.apiserver.requests import (
    Page,
    body_of_request,
    intent_of,
    is_dry_run,
    media_type_of,
    options_of,
    page_of,
    removal_of,
    seconds_for,
    selection_of,
    target_of,
    whole_number,
)
from lmos.apiserver.scale import scale_of, with_scale
from lmos.apiserver.server import Place, in_version
from lmos.apiserver.status import (
    Cause,
    invalid_options,
    method_not_allowed,
    success,
    timed_out,
    unsupported_media_type,
)
from lmos.apiserver.strategic import strategic_patched
from lmos.apiserver.streams import Stream, event_lines
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
    from lmos.ports.pod_logs import PodLogs

    Answer: TypeAlias = Response | Stream

APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
_PATCH_TYPES = ("application/json-patch+json", "application/merge-patch+json")
WATCH_SECONDS = 1_800
_TRUE = ("true", "1")


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a resource, read as far as all verbs read it."""

    server: Server
    request: Request
    target: Target
    form: Form
    pod_logs: PodLogs | None

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
        return is_dry_run(self.query.get("dryRun", ""), options_of(self.request))

    def read(self, body: bytes) -> tuple[Json, Intent]:
        """What was sent, and who writes it and how. Raises ApiError 400, 415 or 422."""
        sent = decode(body, media_type_of(self.request))
        return sent, intent_of(self.request, self.server.timestamp(), self.target.subresource, body, sent)

    def written(self, draft: Draft, code: int = 200) -> Response:
        """The answer to a write."""
        if self.is_scale:
            return json_response(scale_of(self.resource, draft.manifest), code)
        now = self.server.now()
        return written_response(self.resource, draft.manifest, self.form, now, code, draft.warnings)


async def answer(server: Server, request: Request, pod_logs: PodLogs | None) -> Answer:
    """
    Answer a request for a resource.

    Raises:
        ApiError: What Kubernetes refuses, with the Status to send.
        StorageError: The database failed.
    """
    steps, headers = request.path_params, request.headers
    target = target_of(server.catalogue, steps.get("group", ""), steps["version"], steps["path"])
    form = form_of(headers.get("accept", ""), request.query_params.get("includeObject", ""))
    call, seconds = Call(server, request, target, form, pod_logs), seconds_for(request.query_params)
    if request.method == "GET":
        return _read(call)
    body = await body_of_request(request, seconds)
    is_complete = bool(target.place.namespace) is target.place.resource.kind.namespaced
    match request.method:
        case "POST" if is_complete and not target.place.name:
            return _create(call, body)
        case _ if target.subresource == "log":
            raise method_not_allowed()
        case "PUT" if target.place.name:
            return _update(call, body)
        case "PATCH" if target.place.name:
            return _patch(call, body)
        case "DELETE" if is_complete and not target.subresource:
            return _delete(call, body) if target.place.name else _delete_collection(call, body)
        case _:
            raise method_not_allowed()


def _read(call: Call) -> Answer:
    if not call.place.name:
        return _watch(call) if call.query.get("watch") in _TRUE else _list(call)
    if call.target.subresource == "log":
        return _log(call)
    entry = call.server.entry(call.place)
    if call.is_scale:
        return json_response(scale_of(call.resource, in_version(entry, call.resource)))
    return object_response(call.resource, entry, call.form, call.server.now())


def _list(call: Call) -> Response:
    server, query = call.server, call.query
    refuse_list_options(query)
    selection, limit = selection_of(query, call.place), whole_number(query, "limit")
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


def _watch(call: Call) -> Stream:
    server, query, resource = call.server, call.query, call.resource
    refuse_watch_options(query)
    selection, version = selection_of(query, call.place), _known_version(call)
    begins_anew = query.get("sendInitialEvents") == "true"
    wants_bookmarks = query.get("allowWatchBookmarks") in _TRUE
    # Without a version to go on from, a watch begins with what there is.
    begins = begins_anew or not version
    lines = event_lines(
        server,
        resource,
        selection,
        call.form,
        version=server.storage.version if begins else version,
        initial=server.entries(resource, selection) if begins else (),
        marks_initial_end=begins_anew and wants_bookmarks,
        wants_bookmarks=wants_bookmarks,
    )
    return Stream(server.watches, lines, whole_number(query, "timeoutSeconds") or WATCH_SECONDS)


def _log(call: Call) -> Stream:
    pod = call.server.entry(call.place).manifest()
    wanted = log_request_of(pod, call.query, call.server.now())
    return Stream(call.server.watches, log_pieces(call.pod_logs, pod, wanted), media_type="text/plain")


def _known_version(call: Call) -> int:
    """The resourceVersion asked for, 0 without one. Raises ApiError 504 when it is still to come."""
    version, current = whole_number(call.query, "resourceVersion"), call.server.storage.version
    if version > current:
        message = f"Timeout: Too large resource version: {version}, current: {current}"
        raise timed_out(message, [Cause("", "Too large resource version", "ResourceVersionTooLarge")])
    return version


def _create(call: Call, body: bytes) -> Response:
    sent, intent = call.read(body)
    draft = call.server.create(call.place, sent, intent, dry_run=call.is_dry_run)
    return call.written(draft, 201)


def _update(call: Call, body: bytes) -> Response:
    sent, intent = call.read(body)
    if call.is_scale:
        change = partial(with_scale, call.resource, sent)
        return call.written(call.server.patch(call.place, change, intent, dry_run=call.is_dry_run))
    return call.written(call.server.update(call.place, sent, intent, dry_run=call.is_dry_run))


def _patch(call: Call, body: bytes) -> Response:
    media_type, resource = media_type_of(call.request), call.resource
    if media_type == APPLY:
        return _apply(call, body)
    if "force" in call.query:
        message = "Forbidden: may not be specified for non-apply patch"
        raise invalid_options("PatchOptions", Cause("force", message, "FieldValueForbidden"))
    patched = _patch_function(media_type, call)
    patch, intent = call.read(body)

    def change(live: Manifest) -> Json:
        if call.is_scale:
            return with_scale(resource, patched(scale_of(resource, live), patch), live)
        return patched(live, patch)

    return call.written(call.server.patch(call.place, change, intent, dry_run=call.is_dry_run))


def _patch_function(media_type: str, call: Call) -> Callable[[Json, Json], Json]:
    """What makes a new value of a value and a patch. Raises ApiError 415."""
    match media_type:
        case "application/merge-patch+json":
            return merge_patched
        case "application/json-patch+json":
            return json_patched
        case _ if media_type == STRATEGIC and not call.resource.is_custom:
            return partial(strategic_patched, {} if call.is_scale else call.resource.schema.tree)
        case _:
            strategic = () if call.resource.is_custom else (STRATEGIC,)
            raise unsupported_media_type((*_PATCH_TYPES, *strategic, APPLY))


def _apply(call: Call, body: bytes) -> Response:
    sent, intent = call.read(body)
    if not call.query.get("fieldManager"):
        cause = Cause("fieldManager", "Required value: is required for apply patch", "FieldValueRequired")
        raise invalid_options("PatchOptions", cause)
    if call.is_scale:
        kind = call.resource.kind
        head = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": call.place.name}}
        sent = with_scale(call.resource, sent, head)
    force = call.query.get("force") in _TRUE
    draft, is_new = call.server.apply(call.place, sent, intent, force=force, dry_run=call.is_dry_run)
    return call.written(draft, 201 if is_new else 200)


def _delete(call: Call, body: bytes) -> Response:
    removal = removal_of(call.query, body, media_type_of(call.request))
    uid = call.server.entry(call.place).uid
    last = call.server.delete(call.place, removal)
    return json_response(last or success(call.resource.kind, call.place.name, uid))


def _delete_collection(call: Call, body: bytes) -> Response:
    server, resource = call.server, call.resource
    if not resource.deletes_collections:
        raise method_not_allowed()
    removal = removal_of(call.query, body, media_type_of(call.request))
    entries = server.entries(resource, selection_of(call.query, call.place))
    for entry in entries:
        # An earlier deletion of this very loop may have taken it along.
        if server.storage.find(resource.key, *entry.key):
            server.delete(Place(resource, *entry.key), removal)
    metadata = {"resourceVersion": str(server.storage.version)}
    return list_response(resource, entries, metadata, call.form, server.now())
