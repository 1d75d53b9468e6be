"""The `Cluster` port over HTTP: plain JSON objects in and out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import httpx2
import orjson

from lmos.ports.cluster import (
    ClusterForbidden,
    ClusterUnavailable,
    HistoryGone,
    Listing,
    ObjectConflict,
    ObjectInvalid,
    ObjectNotFound,
    UnknownFields,
    WatchEvent,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.errors import LmosError
    from lmos.core.resources.kinds import Kind, Manifest

DEAD_WATCH_SECONDS = 150.0
"""A watch that says nothing for so long is dead: servers send a bookmark every minute."""

_PAGE_SIZE = 500
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"

# What a server says to `fieldValidation=Strict`, and what server-side apply says of itself.
_UNKNOWN_FIELD = re.compile(
    r'(?:unknown field "(?P<said>[^"]+)"|\.(?P<applied>[^\s,]+): field not declared in schema)'
)

_ERRORS: dict[int, type[LmosError]] = {
    **dict.fromkeys((400, 405, 413, 415, 422), ObjectInvalid),
    **dict.fromkeys((401, 403), ClusterForbidden),
    404: ObjectNotFound,
    409: ObjectConflict,
    410: HistoryGone,
}
_HINTS: dict[type[LmosError], str] = {
    ObjectNotFound: "List what there is with `lmos get`, in all namespaces with -A.",
    ClusterForbidden: "Use the kubeconfig that belongs to this API server.",
    ObjectConflict: "Read it again and repeat the change.",
    UnknownFields: "Correct the field's name, or remove it.",
}


class KubernetesCluster:
    """
    A Kubernetes API server, real or embedded.

    Args:
        client: Knows the server's address and how to authenticate.
        namespace: The context's namespace, for those who name none.
        dead_watch_seconds: Silence after which a watch counts as dead.
    """

    def __init__(
        self,
        client: httpx2.AsyncClient,
        *,
        namespace: str = "",
        dead_watch_seconds: float = DEAD_WATCH_SECONDS,
    ) -> None:
        self._client = client
        self._dead_watch_seconds = dead_watch_seconds
        self.namespace = namespace or "default"

    @property
    def url(self) -> str:
        """Where the API server answers."""
        # Without what a kubeconfig may say of credentials: it is printed.
        return str(self._client.base_url.copy_with(username=None, password=None)).rstrip("/")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest:
        """Read one object."""
        return await self._call("GET", path_of(kind, namespace, name))

    async def list(self, kind: Kind, namespace: str = "", labels: str = "") -> Listing:
        """Read all objects, page by page, as of one resourceVersion."""
        items: list[Manifest] = []
        params = {"limit": str(_PAGE_SIZE)} | ({"labelSelector": labels} if labels else {})
        while True:
            page = await self._call("GET", path_of(kind, namespace), params=params)
            # Items of a list carry no apiVersion and kind on a real server, and an empty list may be null.
            found = page.get("items") or ()
            items += ({"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in found)
            if not page["metadata"].get("continue"):
                return Listing(tuple(items), page["metadata"]["resourceVersion"])
            params["continue"] = page["metadata"]["continue"]

    async def watch(
        self, kind: Kind, resource_version: str, namespace: str = "", labels: str = ""
    ) -> AsyncIterator[WatchEvent]:
        """Follow changes after `resource_version` until the server closes the stream."""
        params = {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": resource_version}
        if labels:
            params["labelSelector"] = labels
        timeout = httpx2.Timeout(self._client.timeout.connect, read=self._dead_watch_seconds)
        try:
            async with self._client.stream(
                "GET", path_of(kind, namespace), params=params, timeout=timeout
            ) as response:
                if response.status_code != httpx2.codes.OK:
                    raise _error(response.status_code, await response.aread(), path_of(kind, namespace))
                async for line in response.aiter_lines():
                    if line:
                        yield _event(orjson.loads(line))
        except (httpx2.RequestError, orjson.JSONDecodeError) as error:
            # A server that dies in the middle of a line leaves half of it.
            raise ClusterUnavailable(
                f"The watch of {kind} broke: {error!r}.", retry_after_seconds=1
            ) from error

    async def create(self, manifest: Manifest, kind: Kind) -> Manifest:
        """Create an object."""
        return await self._call("POST", path_of(kind, _namespace(manifest)), body=manifest)

    async def replace(self, manifest: Manifest, kind: Kind) -> Manifest:
        """Replace an object at its resourceVersion."""
        return await self._call("PUT", path_of(kind, _namespace(manifest), _name(manifest)), body=manifest)

    async def apply(
        self,
        manifest: Manifest,
        kind: Kind,
        *,
        manager: str,
        subresource: str = "",
        dry_run: bool = False,
        strict: bool = False,
    ) -> Manifest:
        """Server-side apply with force; `strict` refuses fields that the kind does not know."""
        path = path_of(kind, _namespace(manifest), _name(manifest), subresource)
        params = {"fieldManager": manager, "force": "true"}
        params |= {"dryRun": "All"} if dry_run else {}
        params |= {"fieldValidation": "Strict"} if strict else {}
        return await self._call("PATCH", path, body=manifest, params=params, content_type=_APPLY)

    async def patch(
        self, kind: Kind, name: str, namespace: str, patch: Manifest, subresource: str = ""
    ) -> Manifest:
        """JSON merge patch."""
        return await self._call(
            "PATCH", path_of(kind, namespace, name, subresource), body=patch, content_type=_MERGE
        )

    async def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        grace_seconds: int | None = None,
    ) -> None:
        """Delete an object; what it owns follows in the background."""
        options: Manifest = {"preconditions": {"uid": uid}} if uid else {}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        await self._call("DELETE", path_of(kind, namespace, name), body=options or None)

    async def read(self, path: str, accept: str = "application/json", **params: str) -> Manifest:
        """GET any path of the API: discovery, tables, OpenAPI."""
        return await self._call("GET", path, params=params, accept=accept)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        body: Manifest | None = None,
        params: dict[str, str] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Manifest:
        try:
            response = await self._client.request(
                method,
                path,
                params=params,
                content=None if body is None else orjson.dumps(body),
                headers={"content-type": content_type, "accept": accept},
            )
        except httpx2.RequestError as error:
            raise ClusterUnavailable(
                f"The API server at {self.url} does not answer ({type(error).__name__}).",
                hint="Is it running? Start it with `lmos up` or `lmos apiserver`.",
            ) from error
        if response.is_error:
            raise _error(response.status_code, response.content, path)
        return self._object_in(response)

    def _object_in(self, response: httpx2.Response) -> Manifest:
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            answer = None
        if isinstance(answer, dict):
            return answer
        raise ClusterUnavailable(
            f"What answers at {self.url} is no Kubernetes API.",
            hint="Check the server's address in the kubeconfig.",
        )


def path_of(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """
    Where the API serves an object, or with no name its collection.

    Raises:
        ObjectInvalid: A name that would be another path.
    """
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    where = f"/namespaces/{_segment(namespace)}" if kind.namespaced and namespace else ""
    tail = "".join(f"/{_segment(part)}" for part in (name, subresource) if part)
    return f"{root}{where}/{kind.plural}{tail}"


def _segment(text: str) -> str:
    """A name as one path segment; names that the API would refuse never become another path."""
    if "/" in text or text in {".", ".."} or not text.isprintable():
        raise ObjectInvalid(
            f"{text!r} is no valid name.", hint="Use lower-case letters, digits, '-' and '.'."
        )
    return quote(text, safe="")


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def _name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def _event(line: Manifest) -> WatchEvent:
    if line["type"] == "ERROR":
        status = line["object"]
        raise _error(int(status.get("code", 500)), orjson.dumps(status), "watch")
    return WatchEvent(line["type"], line["object"])


def _error(status_code: int, body: bytes, path: str) -> LmosError:
    """The server's `Status` as one of the port's errors."""
    try:
        message = str(orjson.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = f"{path}: HTTP {status_code}."
    kind = _ERRORS.get(status_code, ClusterUnavailable)
    # Server-side apply answers 500 to what it cannot type.
    if unknown := list(_UNKNOWN_FIELD.finditer(message)):
        kind = UnknownFields
        message = ", ".join(f'unknown field "{field["said"] or field["applied"]}"' for field in unknown)
    return kind(message, hint=_HINTS.get(kind, ""))
