"""The verbs on resources over HTTP: thin, from a request to the server and back."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lmos.apiserver.answers import form_of, json_response, list_response, object_response, with_warnings
from lmos.apiserver.logs import log_pieces, log_request_of
from lmos.apiserver.patch import json_patched, merge_patched
from lmos.apiserver.requests import (
    Page,
    body_of_request,
    intent_of,
    is_true,
    list_problems,
    media_type_of,
    page_of,
    place_of,
    refuse_options,
    removal_of,
    seconds_for,
    selection_of,
    watch_problems,
    whole_number,
)
from lmos.apiserver.scale import scale_of, with_scale
from lmos.apiserver.server import Place
from lmos.apiserver.status import (
    Cause,
    bad_request,
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
    from lmos.apiserver.objects import Intent
    from lmos.apiserver.server import Server, Written
    from lmos.apiserver.storage import Entry
    from lmos.core.resources.kinds import Manifest
    from lmos.ports.pod_logs import PodLogs

    Answer: TypeAlias = Response | Stream

APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
_PATCH_TYPES = ("application/json-patch+json", "application/merge-patch+json")
WATCH_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a resource, read as far as all verbs read it."""

    server: Server
    request: Request
    place: Place
    form: Form
    pod_logs: PodLogs | None

    @property
    def query(self) -> QueryParams:
        """The query of the URL."""
        return self.request.query_params

    @property
    def is_scale(self) -> bool:
        """Whether the path names the scale subresource."""
        return self.place.subresource == "scale"

    def read(self, body: bytes) -> tuple[Json, Intent]:
        """What was sent, and who writes it and how. Raises ApiError 400, 415 or 422."""
        sent = decode(body, media_type_of(self.request))
        return sent, intent_of(self.request, self.server.timestamp(), self.place.subresource, body, sent)

    def found(self, entry: Entry, code: int = 200) -> Response:
        """The answer that is an object."""
        if self.is_scale:
            return json_response(scale_of(self.place.resource, entry.manifest()), code)
        return object_response(self.place.resource, entry, self.form, self.server.now(), code)

    def written(self, result: Written) -> Response:
        """The answer to a write."""
        return with_warnings(self.found(result.entry, 201 if result.is_new else 200), result.warnings)


async def answer(server: Server, request: Request, pod_logs: PodLogs | None) -> Answer:
    """
    Answer a request for a resource.

    Raises:
        ApiError: What Kubernetes refuses, with the Status to send.
        StorageError: The database failed.
    """
    steps, query = request.path_params, request.query_params
    place = place_of(server.catalogue, steps.get("group", ""), steps["version"], steps["path"])
    form = form_of(request.headers.get("accept", ""), query.get("includeObject", ""))
    call, seconds = Call(server, request, place, form, pod_logs), seconds_for(query)
    if request.method == "GET":
        return _read(call)
    body = await body_of_request(request, seconds)
    is_complete = bool(place.namespace) is place.resource.kind.namespaced
    match request.method:
        case "POST" if is_complete and not place.name:
            return call.written(server.create(place, *call.read(body)))
        case _ if place.subresource == "log":
            raise method_not_allowed()
        case "PUT" if place.name:
            return _update(call, body)
        case "PATCH" if place.name:
            return _patch(call, body)
        case "DELETE" if is_complete and not place.subresource:
            return _delete(call, body) if place.name else _delete_collection(call, body)
        case _:
            raise method_not_allowed()


def _read(call: Call) -> Answer:
    if not call.place.name:
        return _watch(call) if is_true(call.query, "watch") else _list(call)
    entry = call.server.entry(call.place)
    if call.place.subresource != "log":
        return call.found(entry)
    pod = entry.manifest()
    wanted = log_request_of(pod, call.query, call.server.now())
    return Stream(call.server.watches, log_pieces(call.pod_logs, pod, wanted), media_type="text/plain")


def _list(call: Call) -> Response:
    server, query, resource = call.server, call.query, call.place.resource
    refuse_options("ListOptions", list_problems(query))
    if query.get("continue") and query.get("resourceVersion", "0") != "0":
        raise bad_request("specifying resource version is not allowed when using continue")
    selection, limit = selection_of(query, call.place), whole_number(query, "limit")
    version = _known_version(call)
    page = page_of(query["continue"]) if query.get("continue") else None
    is_exact = query.get("resourceVersionMatch") == "Exact"
    at = page.version if page else version if is_exact else server.storage.version
    entries = server.entries(resource, selection, at)
    if page:
        entries = entries[bisect_right(entries, page.after, key=lambda entry: entry.key) :]
    metadata: Manifest = {"resourceVersion": str(at)}
    if 0 < limit < len(entries):
        metadata["continue"] = Page(at, entries[limit - 1].key).token()
        metadata["remainingItemCount"] = len(entries) - limit
        entries = entries[:limit]
    return list_response(resource, entries, metadata, call.form, server.now())


def _watch(call: Call) -> Stream:
    server, query, resource = call.server, call.query, call.place.resource
    refuse_options("ListOptions", watch_problems(query))
    selection, version = selection_of(query, call.place), _known_version(call)
    begins_anew = query.get("sendInitialEvents") == "true"
    wants_bookmarks = is_true(query, "allowWatchBookmarks")
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


def _known_version(call: Call) -> int:
    """The resourceVersion asked for, 0 without one. Raises ApiError 504 when it is still to come."""
    version, current = whole_number(call.query, "resourceVersion"), call.server.storage.version
    if version > current:
        message = f"Timeout: Too large resource version: {version}, current: {current}"
        raise timed_out(message, [Cause("", "Too large resource version", "ResourceVersionTooLarge")])
    return version


def _update(call: Call, body: bytes) -> Response:
    sent, intent = call.read(body)
    if call.is_scale:
        change = partial(with_scale, call.place.resource, sent)
        return call.written(call.server.patch(call.place, change, intent))
    return call.written(call.server.update(call.place, sent, intent))


def _patch(call: Call, body: bytes) -> Response:
    media_type, resource = media_type_of(call.request), call.place.resource
    if media_type == APPLY:
        return _apply(call, body)
    if "force" in call.query:
        cause = Cause("force", "Forbidden: may not be specified for non-apply patch")
        raise invalid_options("PatchOptions", [cause])
    patched = _patch_function(media_type, call)
    patch, intent = call.read(body)

    def change(live: Manifest) -> Json:
        if call.is_scale:
            return with_scale(resource, patched(scale_of(resource, live), patch), live)
        return patched(live, patch)

    return call.written(call.server.patch(call.place, change, intent))


def _patch_function(media_type: str, call: Call) -> Callable[[Json, Json], Json]:
    """What makes a new value of a value and a patch. Raises ApiError 415."""
    match media_type:
        case "application/merge-patch+json":
            return merge_patched
        case "application/json-patch+json":
            return json_patched
        case _ if media_type == STRATEGIC and not call.place.resource.is_custom:
            return partial(strategic_patched, {} if call.is_scale else call.place.resource.schema.tree)
        case _:
            strategic = () if call.place.resource.is_custom else (STRATEGIC,)
            raise unsupported_media_type((*_PATCH_TYPES, *strategic, APPLY))


def _apply(call: Call, body: bytes) -> Response:
    sent, intent = call.read(body)
    if not call.query.get("fieldManager"):
        cause = Cause("fieldManager", "Required value: is required for apply patch")
        raise invalid_options("PatchOptions", [cause])
    if call.is_scale:
        kind = call.place.resource.kind
        head = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": call.place.name}}
        sent = with_scale(call.place.resource, sent, head)
    return call.written(call.server.apply(call.place, sent, intent, force=is_true(call.query, "force")))


def _delete(call: Call, body: bytes) -> Response:
    removal = removal_of(call.query, body, media_type_of(call.request))
    uid = call.server.entry(call.place).uid
    last = call.server.delete(call.place, removal)
    return json_response(last or success(call.place.resource.kind, call.place.name, uid))


def _delete_collection(call: Call, body: bytes) -> Response:
    server, resource = call.server, call.place.resource
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
