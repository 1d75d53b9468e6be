"""The Kubernetes API as LMOS needs it: our only control-plane interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from lmos.core.errors import Conflict, InvalidInput, NotFound, TemporaryError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.resources.kinds import Kind, Manifest


@dataclass(frozen=True, slots=True)
class Listing:
    """All objects of a kind at one `resource_version`, from which a watch can go on."""

    items: tuple[Manifest, ...]
    resource_version: str


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One change of one object; a BOOKMARK carries only a newer resourceVersion."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: Manifest


class Cluster(Protocol):
    """
    A Kubernetes API server, real or embedded.

    Objects go in and come out as plain JSON values. An empty `namespace` means all namespaces in `list`
    and `watch`, and none at all for cluster-scoped kinds. Every method may raise `ClusterUnavailable`,
    `ClusterForbidden` and `ObjectInvalid`.
    """

    async def get(self, kind: Kind, name: str, namespace: str = "") -> Manifest:
        """Read one object. Raises `ObjectNotFound`."""
        ...

    async def list(self, kind: Kind, namespace: str = "", labels: str = "") -> Listing:
        """Read all objects that match the label selector `labels`, in the order of the API."""
        ...

    def watch(
        self, kind: Kind, resource_version: str, namespace: str = "", labels: str = ""
    ) -> AsyncIterator[WatchEvent]:
        """
        Follow changes after `resource_version`; ends when the server closes the stream.

        Raises:
            HistoryGone: The server no longer remembers `resource_version`; list again.
        """
        ...

    async def create(self, manifest: Manifest, kind: Kind) -> Manifest:
        """Create an object. Raises `ObjectConflict` where the name is taken."""
        ...

    async def replace(self, manifest: Manifest, kind: Kind) -> Manifest:
        """Replace an object at its resourceVersion. Raises `ObjectConflict` where it changed since."""
        ...

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
        """
        Server-side apply as field manager `manager`, with force; `subresource` may be "status".

        Raises:
            UnknownFields: `strict`, and the manifest has fields that its kind does not know.
        """
        ...

    async def patch(
        self, kind: Kind, name: str, namespace: str, patch: Manifest, subresource: str = ""
    ) -> Manifest:
        """JSON merge patch. Raises `ObjectNotFound`."""
        ...

    async def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        grace_seconds: int | None = None,
    ) -> None:
        """
        Delete an object, with `uid` only that incarnation of it. Raises `ObjectNotFound`.

        A Pod goes when its node says so, with `grace_seconds=0`, or a time after that it names itself.
        """
        ...


class ObjectNotFound(NotFound):
    """The API server knows no such object or kind."""

    code: ClassVar[str] = "ObjectNotFound"


class ObjectConflict(Conflict):
    """The object exists already, or changed since it was read."""

    code: ClassVar[str] = "ObjectConflict"


class ObjectInvalid(InvalidInput):
    """The API server refused the object: its message names the fields."""

    code: ClassVar[str] = "ObjectInvalid"
    http_status: ClassVar[int] = 422


class UnknownFields(ObjectInvalid):
    """The manifest has fields that its kind does not know: the message names them."""

    code: ClassVar[str] = "UnknownField"


class ClusterForbidden(InvalidInput):
    """The API server does not accept our credentials for this."""

    code: ClassVar[str] = "ClusterForbidden"
    exit_status: ClassVar[int] = 6
    http_status: ClassVar[int] = 403


class ClusterUnavailable(TemporaryError):
    """The API server does not answer."""

    code: ClassVar[str] = "ClusterUnavailable"
    exit_status: ClassVar[int] = 7


class HistoryGone(TemporaryError):
    """The resourceVersion is older than the server's memory of changes (410 Gone)."""

    code: ClassVar[str] = "HistoryGone"
