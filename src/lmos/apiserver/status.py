"""Refusals as Kubernetes words them: a `Status` object with a reason, a code and causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources.kinds import Kind, Manifest


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with one field; `field` is a path like `spec.ports[0].name`."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def as_detail(self) -> Manifest:
        """As an entry of a Status' `details.causes`."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class ApiError(LmosError):
    """The API server refuses a request; `status` is what it answers."""

    code: ClassVar[str] = "ApiRefused"

    def __init__(self, http: int, reason: str, message: str, details: Manifest | None = None) -> None:
        super().__init__(message, hint="See the Status object's reason and causes.")
        self.http = http
        self.status: Manifest = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            **({"details": details} if details else {}),
            "code": http,
        }


def success(kind: Kind, name: str, uid: str) -> Manifest:
    """What a finished deletion answers."""
    details = {"name": name, "group": kind.group, "kind": kind.plural, "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def bad_request(message: str) -> ApiError:
    """400: the request itself cannot be understood."""
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """401: no token, or not ours."""
    return ApiError(401, "Unauthorized", "Unauthorized: send the bearer token of the server's kubeconfig")


def forbidden(message: str) -> ApiError:
    """403: understood and refused."""
    return ApiError(403, "Forbidden", message)


def path_not_found() -> ApiError:
    """404: no such path, and so no such resource."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def not_found(kind: Kind, name: str) -> ApiError:
    """404: no such object."""
    return ApiError(404, "NotFound", f'{kind} "{name}" not found', _details(kind, name))


def method_not_allowed(method: str) -> ApiError:
    """405: the resource knows no such verb."""
    return ApiError(405, "MethodNotAllowed", f"the server does not allow {method} on the requested resource")


def already_exists(kind: Kind, name: str) -> ApiError:
    """409: the name is taken."""
    return ApiError(409, "AlreadyExists", f'{kind} "{name}" already exists', _details(kind, name))


def conflict(kind: Kind, name: str, why: str, causes: Sequence[Cause] = ()) -> ApiError:
    """409: the object is not what the request takes it for."""
    message = f'Operation cannot be fulfilled on {kind} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(kind, name, causes))


def stale(kind: Kind, name: str) -> ApiError:
    """409: the object changed since it was read."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(kind, name, why)


def expired(message: str = "too old resource version") -> ApiError:
    """410: the history that the request wants is forgotten; list again."""
    return ApiError(410, "Expired", message)


def too_large(limit_bytes: int) -> ApiError:
    """413: the body is larger than the server reads."""
    message = f"Request entity too large: limit is {limit_bytes} bytes"
    return ApiError(413, "RequestEntityTooLarge", message)


def unsupported_media_type(media_type: str) -> ApiError:
    """415: the body is in a format that the server does not read here."""
    message = f"the body of the request was in an unknown format: {media_type or 'no content-type'}"
    return ApiError(415, "UnsupportedMediaType", message)


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: fields of the object break rules."""
    listed = ", ".join(f"{cause.field}: {cause.message}" for cause in causes)
    label = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = _details(kind, name, causes) | {"kind": kind.kind}
    return ApiError(422, "Invalid", f'{label} "{name}" is invalid: {listed}', details)


def too_many_requests(message: str) -> ApiError:
    """429: the server is at a limit of its own."""
    return ApiError(429, "TooManyRequests", message, {"retryAfterSeconds": 1})


def _details(kind: Kind, name: str, causes: Sequence[Cause] = ()) -> Manifest:
    listed = {"causes": [cause.as_detail() for cause in causes]} if causes else {}
    return {"name": name, "group": kind.group, "kind": kind.plural, **listed}
