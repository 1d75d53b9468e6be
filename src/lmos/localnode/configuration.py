"""Where the values of a Pod's variables and files come from: itself, ConfigMaps and Secrets."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lmos.core.errors import InvalidInput
from lmos.core.resources.kinds import CONFIG_MAP, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.core.resources.kinds import Kind, Manifest

    Find = Callable[[Kind, str, str], Manifest | None]

_KEYED = re.compile(r"metadata\.(?P<map>labels|annotations)\['(?P<key>[^']+)'\]")
_PLAIN_FIELDS = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
    "metadata.uid": ("metadata", "uid"),
    "spec.nodeName": ("spec", "nodeName"),
    "spec.serviceAccountName": ("spec", "serviceAccountName"),
}
_ADDRESSES = frozenset({"status.podIP", "status.hostIP"})
LOOPBACK = "127.0.0.1"


class UnrunnablePod(InvalidInput):
    """A Pod that this machine cannot run as a process."""

    code: ClassVar[str] = "UnrunnablePod"


class MissingConfiguration(InvalidInput):
    """A Pod names a ConfigMap, a Secret or a key of one that is not there (yet)."""

    code: ClassVar[str] = "CreateContainerConfigError"


@dataclass(frozen=True, slots=True)
class Value:
    """The bytes of a variable or a file, and whether they came from a Secret."""

    data: bytes
    is_secret: bool = False

    def text(self, name: str) -> str:
        """The value for variable `name`. Raises UnrunnablePod where it cannot be one."""
        if b"\0" in self.data:
            raise UnrunnablePod(
                f"Variable {name} has a zero byte in it.", hint="Give binary data as a file: mount a volume."
            )
        return self.data.decode(errors="surrogateescape")


class Configuration:
    """
    What one Pod may read.

    Args:
        pod: Its manifest.
        find: Looks up an object by kind, namespace and name.
    """

    def __init__(self, pod: Manifest, find: Find) -> None:
        self._pod = pod
        self._find = find

    def all_of(self, kind: Kind, reference: Manifest) -> dict[str, Value]:
        """
        Every key of a ConfigMap or Secret; nothing where it is missing and may be.

        Raises:
            MissingConfiguration: It is missing, and `reference` does not say `optional`.
        """
        name = reference.get("name") or reference.get("secretName") or ""
        found = self._find(kind, self._pod["metadata"]["namespace"], name)
        if found is None:
            if reference.get("optional"):
                return {}
            raise MissingConfiguration(
                f"{kind.kind} {name!r} is not there.",
                hint=f"Create it, or mark the reference as optional: kubectl create {kind.kind.lower()} …",
            )
        if kind == SECRET:
            return {key: Value(_decoded(text), is_secret=True) for key, text in _items(found, "data")}
        return {key: Value(text.encode()) for key, text in _items(found, "data")} | {
            key: Value(_decoded(text)) for key, text in _items(found, "binaryData")
        }

    def key_of(self, kind: Kind, reference: Manifest) -> Value | None:
        """One key of a ConfigMap or Secret, None where it is missing and may be. Raises as `all_of`."""
        value = self.all_of(kind, reference).get(reference["key"])
        if value is None and not reference.get("optional"):
            raise MissingConfiguration(f"{kind.kind} {reference['name']!r} has no key {reference['key']!r}.")
        return value

    def variable(self, source: Manifest) -> Value | None:
        """What a `valueFrom` stands for, None where it is missing and may be."""
        if reference := source.get("configMapKeyRef"):
            return self.key_of(CONFIG_MAP, reference)
        if reference := source.get("secretKeyRef"):
            return self.key_of(SECRET, reference)
        return Value(self._field(source.get("fieldRef", {}).get("fieldPath", "")).encode())

    def _field(self, path: str) -> str:
        """A field of the Pod itself: the downward API."""
        if path in _ADDRESSES:
            return LOOPBACK
        if keyed := _KEYED.fullmatch(path):
            return str((self._pod["metadata"].get(keyed["map"]) or {}).get(keyed["key"], ""))
        if path in _PLAIN_FIELDS:
            part, name = _PLAIN_FIELDS[path]
            return str(self._pod[part].get(name, ""))
        raise UnrunnablePod(
            f"A variable asks for {path or 'a resource field'!r}, which this machine does not know.",
            hint=f"It knows {', '.join(sorted((*_PLAIN_FIELDS, *_ADDRESSES)))}, labels and annotations.",
        )


def mentions(pod: Manifest, configuration: Manifest) -> bool:
    """Whether a variable or a volume of the Pod comes from this ConfigMap or Secret."""
    metadata, spec = configuration["metadata"], pod["spec"]
    if metadata["namespace"] != pod["metadata"]["namespace"]:
        return False
    volume, source, key = (
        ("secret", "secretRef", "secretKeyRef")
        if configuration["kind"] == SECRET.kind
        else ("configMap", "configMapRef", "configMapKeyRef")
    )
    references = [each.get(volume) for each in spec.get("volumes") or ()]
    for container in spec.get("containers") or ():
        references += [each.get(source) for each in container.get("envFrom") or ()]
        references += [each.get("valueFrom", {}).get(key) for each in container.get("env") or ()]
    named = (each.get("name") or each.get("secretName") for each in references if each)
    return metadata["name"] in named


def _items(manifest: Manifest, part: str) -> list[tuple[str, Any]]:
    return list((manifest.get(part) or {}).items())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text.encode()
