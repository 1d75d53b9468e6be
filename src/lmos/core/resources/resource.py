"""An object of one of our kinds: from a manifest and back."""

from typing import Any, ClassVar, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lmos.core.errors import InvalidInput
from lmos.core.resources.kinds import Kind, Manifest
from lmos.core.resources.labels import subset_of
from lmos.core.resources.metadata import DNS_LABEL, DNS_NAME, LABEL_VALUE, ObjectMeta
from lmos.core.resources.model import ONE_LINE, Model

PATTERNS = {
    DNS_NAME: "Use lower-case letters, digits, '-' and '.', with a letter or digit at both ends",
    DNS_LABEL: "Use lower-case letters, digits and '-', with a letter or digit at both ends",
    LABEL_VALUE: "Use letters, digits, '-', '_' and '.', with a letter or digit at both ends",
    ONE_LINE: "Use no control characters",
}
"""What the patterns of our texts ask for, in words."""


class Resource(Model):
    """An Agent, Channel, ChannelRouting or ChannelRollout."""

    KIND: ClassVar[Kind]

    metadata: ObjectMeta

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> Self:
        """
        Read a manifest; fields that we do not know are ignored.

        Raises:
            InvalidManifest: It is of another kind, or a field is missing or of the wrong shape.
        """
        wanted = cls.KIND.api_version, cls.KIND.kind
        if (manifest.get("apiVersion", wanted[0]), manifest.get("kind", wanted[1])) != wanted:
            raise InvalidManifest(manifest, [f"kind: expected {wanted[0]} {wanted[1]}"])
        try:
            return cls.model_validate(manifest)
        except ValidationError as error:
            raise InvalidManifest(manifest, fields_of(error)) from error

    def to_manifest(self) -> Manifest:
        """Write the manifest: nulls are left out, empty texts and lists of the spec are written."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {"apiVersion": self.KIND.api_version, "kind": self.KIND.kind, **content}

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, empty where the manifest names none."""
        return self.metadata.namespace

    @property
    def subset(self) -> str:
        """The effective Subset: `stable` unless the label says otherwise."""
        return subset_of(self.metadata.labels)

    def __str__(self) -> str:
        return f"{self.KIND.kind} {self.namespace}/{self.name}"


class InvalidManifest(InvalidInput):
    """A manifest cannot be read: `fields` says where and why."""

    code: ClassVar[str] = "InvalidManifest"
    http_status: ClassVar[int] = 422

    def __init__(self, manifest: Manifest, fields: list[str]) -> None:
        self.kind, self.namespace, self.name = identity_of(manifest)
        self.fields = tuple(fields)
        super().__init__(
            f"{self.kind or 'The manifest'} {self.namespace or 'default'}/{self.name or '(no name)'}"
            f" cannot be read: {'; '.join(fields)}.",
            hint="Correct these fields; `lmos export crds` prints the schema of every kind.",
        )


def identity_of(manifest: Manifest) -> tuple[str, str, str]:
    """Kind, namespace and name, each empty where it is missing or no text."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return _text(manifest.get("kind")), _text(metadata.get("namespace")), _text(metadata.get("name"))


def fields_of(error: ValidationError) -> list[str]:
    """Each wrong field with what is wrong: `spec.requiredCapabilities[0].version: Field required`."""
    return [f"{_path(one['loc'])}: {_words(one)}" for one in error.errors(include_url=False)]


def _words(problem: ErrorDetails) -> str:
    if problem["type"] == "string_pattern_mismatch":
        return PATTERNS.get(problem["ctx"]["pattern"], problem["msg"])
    return problem["msg"].removeprefix("Value error, ")


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "(whole)"


def _text(value: Any) -> str:  # noqa: ANN401 - whatever stands in the manifest
    return value if isinstance(value, str) else ""
