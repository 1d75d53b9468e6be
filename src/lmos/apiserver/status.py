"""Refusals as Kubernetes words them: a `Status` object with a reason, a code and causes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources.kinds import Kind, Manifest


_REASONS = {
    "Required value": "FieldValueRequired",
    "Forbidden": "FieldValueForbidden",
    "Unsupported value": "FieldValueNotSupported",
    "Duplicate value": "FieldValueDuplicate",
    "Too long": "FieldValueTooLong",
    "Too many": "FieldValueTooMany",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One thing that is wrong with one field; `field` is a path like `spec.ports[0].name`.

    Without a reason of its own it has the one that the message opens with (`Required value`, `Forbidden: …`).
    """

    field: str
    message: str
    own_reason: str = ""

    @property
    def reason(self) -> str:
        """The reason in one word."""
        return self.own_reason or _REASONS.get(self.message.partition(":")[0], "FieldValueInvalid")

    def as_detail(self) -> Manifest:
        """As an entry of a Status' `details.causes`."""
        named = {"reason": self.reason, "message": self.message, "field": self.field}
        return {key: value for key, value in named.items() if value}


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
            **({"reason": reason} if reason else {}),
            **({} if details is None else {"details": details}),
            "code": http,
        }


def success(kind: Kind, name: str, uid: str) -> Manifest:
    """What a finished deletion answers."""
    details = _details(kind, name) | {"uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def bad_request(message: str) -> ApiError:
    """400: the request itself cannot be understood."""
    return ApiError(400, "BadRequest", message)


def forbidden_object(kind: Kind, name: str, why: str, causes: Sequence[Cause] = ()) -> ApiError:
    """403: not with this object."""
    details = _details(kind, name)
    if causes:
        details["causes"] = [cause.as_detail() for cause in causes]
    return ApiError(403, "Forbidden", f'{kind} "{name}" is forbidden: {why}', details)


def path_not_found() -> ApiError:
    """404: no such path, and so no such resource."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def not_found(kind: Kind, name: str) -> ApiError:
    """404: no such object."""
    return ApiError(404, "NotFound", f'{kind} "{name}" not found', _details(kind, name))


def method_not_allowed() -> ApiError:
    """405: the resource knows no such verb."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def already_exists(kind: Kind, name: str) -> ApiError:
    """409: the name is taken."""
    return ApiError(409, "AlreadyExists", f'{kind} "{name}" already exists', _details(kind, name))


def conflict(kind: Kind, name: str, why: str) -> ApiError:
    """409: the object is not what the request takes it for."""
    message = f'Operation cannot be fulfilled on {kind} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(kind, name))


def apply_conflict(causes: Sequence[Cause]) -> ApiError:
    """409: an apply would overrule other managers; each cause says `conflict with` whom, and its field."""
    if len(causes) == 1:
        message = f"Apply failed with 1 conflict: {causes[0].message}: {causes[0].field}"
    else:
        listed = "\n".join(
            "\n- ".join([f"{who.replace('conflict', 'conflicts', 1)}:", *(cause.field for cause in theirs)])
            for who, theirs in groupby(causes, key=lambda cause: cause.message)
        )
        message = f"Apply failed with {len(causes)} conflicts: {listed}"
    return ApiError(409, "Conflict", message, {"causes": [cause.as_detail() for cause in causes]})


def too_large(limit_bytes: int) -> ApiError:
    """413: the body is larger than the server reads."""
    message = f"Request entity too large: limit is {limit_bytes} bytes"
    return ApiError(413, "RequestEntityTooLarge", message)


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """415: the body is in a format that the server does not read here."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(accepted)}"
    )
    return ApiError(415, "UnsupportedMediaType", message)


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: fields of the object break rules."""
    label = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = _details(kind, name) | {"kind": kind.kind, "causes": [cause.as_detail() for cause in causes]}
    return ApiError(422, "Invalid", f'{label} "{name}" is invalid: {_listed(causes)}', details)


def invalid_options(kind: str, causes: Sequence[Cause]) -> ApiError:
    """422: parameters of the request that cannot be; `kind` is `PatchOptions` and the like."""
    details = {"group": "meta.k8s.io", "kind": kind, "causes": [cause.as_detail() for cause in causes]}
    return ApiError(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {_listed(causes)}', details)


def _listed(causes: Sequence[Cause]) -> str:
    texts = [f"{cause.field}: {cause.message}" for cause in causes]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def timed_out(message: str, causes: Sequence[Cause] = ()) -> ApiError:
    """504: what the request needs did not come in time; it may be sent again."""
    listed = {"causes": [cause.as_detail() for cause in causes]} if causes else {}
    return ApiError(504, "Timeout", message, {**listed, "retryAfterSeconds": 1})


def _details(kind: Kind, name: str) -> Manifest:
    named = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: value for key, value in named.items() if value}
