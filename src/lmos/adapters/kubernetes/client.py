"""The `Cluster` port over HTTP: plain JSON objects in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

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
        return str(self._client.base_url).rstrip("/")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest:
        """Read one object."""
        return await self._call("GET", _path(kind, namespace, name))

    async def list(self, kind: Kind, namespace: str = "", labels: str = "") -> Listing:
        """Read all objects, page by page, as of one resourceVersion."""
        items: list[Manifest] = []
        params = {"limit": str(_PAGE_SIZE)} | ({"labelSelector": labels} if labels else {})
        while True:
            page = await self._call("GET", _path(kind, namespace), params=params)
            # Items of a list carry no apiVersion and kind on a real server.
            items += ({"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in page["items"])
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
                "GET", _path(kind, namespace), params=params, timeout=timeout
            ) as response:
                if response.status_code != httpx2.codes.OK:
                    raise _error(response.status_code, await response.aread(), _path(kind, namespace))
                async for line in response.aiter_lines():
                    if line:
                        yield _event(orjson.loads(line))
        except httpx2.TransportError as error:
            raise ClusterUnavailable(
                f"The watch of {kind} broke: {error!r}.", retry_after_seconds=1
            ) from error

    async def create(self, manifest: Manifest, kind: Kind) -> Manifest:
        """Create an object."""
        return await self._call("POST", _path(kind, _namespace(manifest)), body=manifest)

    async def replace(self, manifest: Manifest, kind: Kind) -> Manifest:
        """Replace an object at its resourceVersion."""
        return await self._call("PUT", _path(kind, _namespace(manifest), _name(manifest)), body=manifest)

    async def apply(
        self, manifest: Manifest, kind: Kind, *, manager: str, subresource: str = "", dry_run: bool = False
    ) -> Manifest:
        """Server-side apply with force."""
        path = _path(kind, _namespace(manifest), _name(manifest), subresource)
        params = {"fieldManager": manager, "force": "true"} | ({"dryRun": "All"} if dry_run else {})
        return await self._call("PATCH", path, body=manifest, params=params, content_type=_APPLY)

    async def patch(
        self, kind: Kind, name: str, namespace: str, patch: Manifest, subresource: str = ""
    ) -> Manifest:
        """JSON merge patch."""
        return await self._call(
            "PATCH", _path(kind, namespace, name, subresource), body=patch, content_type=_MERGE
        )

    async def delete(self, kind: Kind, name: str, namespace: str = "", *, uid: str = "") -> None:
        """Delete an object; what it owns follows in the background."""
        options = {"preconditions": {"uid": uid}} if uid else None
        await self._call("DELETE", _path(kind, namespace, name), body=options)

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
        except httpx2.TransportError as error:
            raise ClusterUnavailable(
                f"The API server at {self._client.base_url} does not answer ({type(error).__name__}).",
                hint="Is it running? Start it with `lmos up` or `lmos apiserver`.",
            ) from error
        if response.is_error:
            raise _error(response.status_code, response.content, path)
        answer: Manifest = orjson.loads(response.content)
        return answer


def _path(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
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
    return text


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
        status = orjson.loads(body)
        message = str(status["message"])
    except (ValueError, KeyError, TypeError):
        message = f"{path}: HTTP {status_code}."
    match status_code:
        case 404:
            return ObjectNotFound(message)
        case 409:
            return ObjectConflict(message, hint="Read it again and repeat the change.")
        case 410:
            return HistoryGone(message, retry_after_seconds=0)
        case 401 | 403:
            return ClusterForbidden(message, hint="Use the kubeconfig that belongs to this API server.")
        case 400 | 405 | 413 | 415 | 422:
            return ObjectInvalid(message)
        case _:
            return ClusterUnavailable(message)
