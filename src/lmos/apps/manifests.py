"""Manifests in files: read all of them, and say by name which cannot be read."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import yaml

from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lmos.core.resources.kinds import Manifest

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
STANDARD_INPUT = "-"

# The C loader reads ten times as fast; both refuse to build anything but plain values.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableManifest(InvalidInput):
    """A file is no YAML, or what stands in it is no manifest; `source` is the file."""

    code: ClassVar[str] = "UnreadableManifest"

    def __init__(self, message: str, *, hint: str, source: str) -> None:
        self.source = source
        super().__init__(message, hint=hint)


@dataclass(frozen=True, slots=True)
class SourcedManifest:
    """A manifest and the file it stands in."""

    source: str
    manifest: Manifest


def read_manifests(paths: Iterable[Path]) -> tuple[list[SourcedManifest], list[UnreadableManifest]]:
    """
    Everything in these files and in the YAML and JSON files of these folders, in the order of their names.

    A `List` counts as its items. A file that cannot be read is reported, and the others are still read.
    """
    found: list[SourcedManifest] = []
    problems: list[UnreadableManifest] = []
    for path in paths:
        files = _files_of(path)
        if not files:
            hint = "Name a manifest, or a folder with .yaml or .json files."
            problems.append(
                UnreadableManifest(f"{path}: there is no manifest here.", hint=hint, source=str(path))
            )
        for file in files:
            try:
                found += (SourcedManifest(str(file), manifest) for manifest in _documents(file))
            except UnreadableManifest as problem:
                problems.append(problem)
    return found, problems


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        inside = (file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
        # Hidden folders hold state (.lmos) or belong to other tools (.git).
        return sorted(
            file for file in inside if not any(part.startswith(".") for part in file.relative_to(path).parts)
        )
    return [path] if path.exists() or str(path) == STANDARD_INPUT else []


def _documents(file: Path) -> list[Manifest]:
    try:
        text = sys.stdin.read() if str(file) == STANDARD_INPUT else file.read_text(encoding="utf-8")
        documents = [document for document in yaml.load_all(text, Loader=_Loader) if document is not None]
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        what = " ".join(str(error).split())
        raise UnreadableManifest(
            f"{file} cannot be read: {what}.",
            hint="Correct the file; the others were read.",
            source=str(file),
        ) from error
    return [manifest for document in documents for manifest in _manifests_in(document, file)]


def _manifests_in(document: object, file: Path) -> Iterator[Manifest]:
    if not isinstance(document, dict):
        raise UnreadableManifest(
            f"{file} holds {type(document).__name__} where a manifest should be.",
            hint="A manifest is a mapping with apiVersion, kind, metadata and spec.",
            source=str(file),
        )
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _manifests_in(item, file)
        return
    metadata = document.get("metadata")
    wanted = {"apiVersion": document.get("apiVersion"), "kind": document.get("kind")}
    wanted["metadata.name"] = metadata.get("name") if isinstance(metadata, dict) else None
    missing = [field for field, value in wanted.items() if not isinstance(value, str) or not value]
    if missing:
        raise UnreadableManifest(
            f"{file}: a document has no {' and no '.join(missing)}.",
            hint="Every manifest names its apiVersion, kind and metadata.name.",
            source=str(file),
        )
    yield document
