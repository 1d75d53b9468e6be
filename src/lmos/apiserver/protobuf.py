"""
Kubernetes' protobuf, as far as kubectl and helm insist on it: the bodies of a few built-in kinds.

Typed Go clients write built-in objects in protobuf and read JSON as well, so only reading is needed.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import orjson

from lmos.apiserver.status import bad_request, unsupported_media_type
from lmos.core.resources.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json: TypeAlias = Any
"""What a body comes to: plain JSON values."""

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 70


# Field numbers of k8s.io/api and k8s.io/apimachinery, generated.proto: number, name in JSON, and a type (text
# without one; what is no simple type names a message), with [] for a list and {} for a map by text. The kinds
# are those that kubectl and helm send, with the fields that they send.
_MESSAGES = """
Unknown: 1 typeMeta TypeMeta, 2 raw raw, 3 contentEncoding, 4 contentType
TypeMeta: 1 apiVersion, 2 kind
ObjectMeta: 1 name, 2 generateName, 3 namespace, 4 selfLink, 5 uid, 6 resourceVersion, 7 generation count,
    8 creationTimestamp time, 9 deletionTimestamp time, 10 deletionGracePeriodSeconds number,
    11 labels text{}, 12 annotations text{}, 13 ownerReferences OwnerReference[], 14 finalizers text[],
    17 managedFields ManagedFieldsEntry[]
OwnerReference: 1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller boolean, 7 blockOwnerDeletion boolean
ManagedFieldsEntry: 1 manager, 2 operation, 3 apiVersion, 4 time time, 6 fieldsType, 7 fieldsV1 fields,
    8 subresource
FieldsV1: 1 raw json
Time: 1 seconds number, 2 nanos number
ConfigMap: 1 metadata ObjectMeta, 2 data text{}, 3 binaryData base64{}, 4 immutable boolean
Secret: 1 metadata ObjectMeta, 2 data base64{}, 3 type, 4 stringData text{}, 5 immutable boolean
Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status ignored
NamespaceSpec: 1 finalizers text[]
ServiceAccount: 1 metadata ObjectMeta, 4 automountServiceAccountToken boolean
Service: 1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status ignored
ServiceSpec: 1 ports ServicePort[], 2 selector text{}, 3 clusterIP, 4 type, 5 externalIPs text[],
    7 sessionAffinity, 10 externalName, 11 externalTrafficPolicy, 12 healthCheckNodePort count,
    13 publishNotReadyAddresses flag, 18 clusterIPs text[]
ServicePort: 1 name, 2 protocol, 3 port number, 4 targetPort intOrString, 5 nodePort count, 6 appProtocol
IntOrString: 1 type number, 2 number number, 3 text
Deployment: 1 metadata ObjectMeta, 2 spec DeploymentSpec, 3 status ignored
DeploymentSpec: 1 replicas number, 2 selector LabelSelector, 3 template PodTemplateSpec,
    4 strategy DeploymentStrategy, 5 minReadySeconds count, 6 revisionHistoryLimit number, 7 paused flag,
    9 progressDeadlineSeconds number
DeploymentStrategy: 1 type, 2 rollingUpdate RollingUpdateDeployment
RollingUpdateDeployment: 1 maxUnavailable intOrString, 2 maxSurge intOrString
LabelSelector: 1 matchLabels text{}, 2 matchExpressions LabelSelectorRequirement[]
LabelSelectorRequirement: 1 key, 2 operator, 3 values text[]
PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
PodSpec: 2 containers Container[], 3 restartPolicy, 4 terminationGracePeriodSeconds number, 6 dnsPolicy,
    8 serviceAccountName, 10 nodeName, 11 hostNetwork flag, 12 hostPID flag, 13 hostIPC flag, 19 schedulerName
Container: 1 name, 2 image, 3 command text[], 4 args text[], 5 workingDir, 6 ports ContainerPort[],
    7 env EnvVar[], 13 terminationMessagePath, 14 imagePullPolicy, 16 stdin flag, 17 stdinOnce flag,
    18 tty flag, 20 terminationMessagePolicy
ContainerPort: 1 name, 2 hostPort count, 3 containerPort number, 4 protocol, 5 hostIP
EnvVar: 1 name, 2 value
DeleteOptions: 1 gracePeriodSeconds number, 2 preconditions Preconditions, 3 orphanDependents boolean,
    4 propagationPolicy, 5 dryRun text[]
Preconditions: 1 uid, 2 resourceVersion
"""
_READABLE = frozenset("ConfigMap Secret Namespace ServiceAccount Service Deployment DeleteOptions".split())


class Field(NamedTuple):
    """A field of a message: its name in JSON, how its bytes are read, and whether it is a list or a map."""

    name: str
    type: str
    many: Literal["", "[]", "{}"]


@cache
def _messages() -> dict[str, dict[int, Field]]:
    found = {}
    for line in re.sub(r",\n +", ", ", _MESSAGES).strip().splitlines():
        message, _, fields = line.partition(": ")
        found[message] = dict(map(_field, fields.split(", ")))
    return found


def _field(declared: str) -> tuple[int, Field]:
    number, name, *rest = declared.split()
    kind = rest[0] if rest else "text"
    many: Literal["", "[]", "{}"] = "[]" if kind.endswith("[]") else "{}" if kind.endswith("{}") else ""
    return int(number), Field(name, kind.removesuffix(many), many)


def decode_protobuf(body: bytes) -> Json:
    """
    The object in `body` as JSON values.

    Raises:
        ApiError: 400 where it is no such message, 415 for a kind that is not read from protobuf.
    """
    try:
        envelope = _message("Unknown", body.removeprefix(_MAGIC))
        meta = envelope.get("typeMeta", {})
        kind = meta.get("kind", "")
        content = _message(kind, envelope.get("raw", b"")) if kind in _READABLE else None
    except (ValueError, IndexError) as error:
        raise bad_request(f"the body is not Kubernetes protobuf: {error}") from error
    if content is None:
        raise unsupported_media_type(("application/json", "application/yaml"))
    return {**meta, **content}


def _message(name: str, data: bytes) -> dict[str, Json]:
    """The fields of a message; what Go writes for an empty one is left out, as in JSON."""
    fields, found = _messages()[name], dict[str, Json]()
    for number, raw in _wire(data):
        field = fields.get(number)
        if field is None:
            if raw:
                raise ValueError(f"field {number} of {name} is not read from protobuf; send JSON")
        elif field.many == "{}":
            entry = dict(_wire(_bytes(raw)))
            key = _bytes(entry.get(1, b"")).decode()
            found.setdefault(field.name, {})[key] = _value(field.type, entry.get(2, b""))
        elif field.many == "[]":
            found.setdefault(field.name, []).append(_value(field.type, raw))
        elif (value := _value(field.type, raw)) not in ("", None):
            found[field.name] = value
    return found


def _value(kind: str, raw: int | bytes) -> Json:
    read = _SIMPLE.get(kind)
    return read(raw) if read else _message(kind, _bytes(raw))


def _int_or_string(raw: int | bytes) -> Json:
    said = _message("IntOrString", _bytes(raw))
    return said.get("text", "") if said.get("type") else said.get("number", 0)


def _time(raw: int | bytes) -> str | None:
    seconds = _message("Time", _bytes(raw)).get("seconds")
    return timestamp(datetime.fromtimestamp(seconds, UTC)) if seconds else None


def _wire(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and content of each field: a number for varints, bytes for what has a length."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(data):
            raise ValueError("it ends in the middle of a field")
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the bit that says there is more
            return value, at
        if shift >= _LONGEST_VARINT:
            raise ValueError("a number is too long")


def _bytes(raw: int | bytes) -> bytes:
    if isinstance(raw, int):
        raise ValueError("a number stands where text should be")  # noqa: TRY004 - the body is wrong, not our type
    return raw


def _number(raw: int | bytes) -> int:
    if isinstance(raw, bytes):
        raise ValueError("text stands where a number should be")  # noqa: TRY004 - the same
    return raw - (1 << 64) if raw >> 63 else raw


# How the bytes of a simple field are read.
_SIMPLE: dict[str, Callable[[int | bytes], Json]] = {
    "text": lambda raw: _bytes(raw).decode(),
    "raw": _bytes,
    "base64": lambda raw: base64.b64encode(_bytes(raw)).decode(),
    "json": lambda raw: orjson.loads(_bytes(raw)),
    "number": _number,
    "count": lambda raw: _number(raw) or None,
    "boolean": lambda raw: bool(_number(raw)),
    "flag": lambda raw: bool(_number(raw)) or None,
    "intOrString": _int_or_string,
    "ignored": lambda _raw: None,
    "time": _time,
    "fields": lambda raw: _message("FieldsV1", _bytes(raw)).get("raw", {}),
}
