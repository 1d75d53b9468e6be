"""Answers in the form that the client accepts: objects, lists, Tables, metadata alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

from lmos.apiserver.server import body_of, in_version
from lmos.apiserver.status import ApiError
from lmos.apiserver.tables import partial_metadata, table
from lmos.apiserver.values import Json, encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lmos.apiserver.kinds import Resource
    from lmos.apiserver.storage import Entry
    from lmos.core.resources.kinds import Manifest


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an answer; `include` says what the rows of a Table carry of their objects."""

    shape: Literal["Object", "Table", "Metadata"] = "Object"
    include: str = "Metadata"


def form_of(accept: str, include: str = "") -> Form:
    """
    The first form of an Accept header that the server can give.

    Raises:
        ApiError: 406 when there is none.
    """
    for option in accept.split(",") if accept else ["*/*"]:
        media_type, *parameters = (part.strip() for part in option.split(";"))
        if media_type not in ("application/json", "application/*", "*/*"):
            continue
        wanted = dict(parameter.partition("=")[::2] for parameter in parameters)
        match wanted.get("as"):
            case None:
                return Form()
            case "Table" if wanted.get("v") == "v1":
                return Form("Table", include or "Metadata")
            case "PartialObjectMetadata" | "PartialObjectMetadataList" if wanted.get("v") == "v1":
                return Form("Metadata")
    message = "only the following media types are accepted: application/json"
    raise ApiError(406, "NotAcceptable", message)


def wants_aggregated(accept: str) -> bool:
    """Whether the client prefers discovery in one document."""
    first = accept.partition(",")[0]
    return "as=APIGroupDiscoveryList" in first and "v=v2" in first.split(";")


def json_response(value: Json, code: int = 200) -> Response:
    """A JSON answer."""
    return _response(encode(value), code)


def _response(body: bytes, code: int = 200) -> Response:
    return Response(body, code, media_type="application/json")


def object_bytes(
    resource: Resource, entry: Entry, form: Form, now: datetime, *, headed: bool = True
) -> bytes:
    """One object in `form`; without a head, a Table leaves its columns undescribed."""
    if form.shape == "Object":
        return body_of(entry, resource)
    manifest = in_version(entry, resource)
    if form.shape == "Metadata":
        return encode(partial_metadata(manifest))
    version = {"resourceVersion": manifest["metadata"].get("resourceVersion", "")}
    return encode(table(resource, [manifest], version, now, include=form.include, headed=headed))


def object_response(resource: Resource, entry: Entry, form: Form, now: datetime, code: int = 200) -> Response:
    """The answer to a get or a write."""
    return _response(object_bytes(resource, entry, form, now), code)


def with_warnings(response: Response, warnings: Sequence[str]) -> Response:
    """`response` with Warning headers."""
    for warning in warnings:
        text = warning.encode("ascii", "backslashreplace").decode().replace('"', '\\"')
        response.headers.append("warning", f'299 - "{text}"')
    return response


def list_response(
    resource: Resource, entries: Sequence[Entry], metadata: Manifest, form: Form, now: datetime
) -> Response:
    """The answer to a list."""
    if form.shape == "Table":
        objects = [in_version(entry, resource) for entry in entries]
        return json_response(table(resource, objects, metadata, now, include=form.include))
    kind, api_version = resource.list_kind, resource.kind.api_version
    if form.shape == "Metadata":
        kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
    items = b",".join(object_bytes(resource, entry, form, now) for entry in entries)
    head = encode({"kind": kind, "apiVersion": api_version, "metadata": metadata})
    # The objects are JSON already.
    return _response(head[:-1] + b',"items":[' + items + b"]}")
