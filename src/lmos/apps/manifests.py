"""Manifests in files: read all of them, and say by name which cannot be read."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
import yaml

from lmos.apps.yaml_documents import UnusableYaml, documents, is_too_deep
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from lmos.core.resources.kinds import Manifest

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
STANDARD_INPUT = Path("-")
LARGEST_FILE = 32 * 1024 * 1024
"""Bytes; an object may have three megabytes, and a file many objects."""

_NEEDED = ("apiVersion", "kind", "metadata.name")


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


def read_manifests(
    paths: Iterable[Path], *, without: Collection[Path] = ()
) -> tuple[list[SourcedManifest], list[UnreadableManifest]]:
    """
    Everything in these files and in the YAML and JSON files of these folders, in the order of their names.

    A `List` counts as its items. What cannot be read is reported, and everything else is still read.

    Args:
        paths: Files and folders; `-` is standard input.
        without: Folders to leave out.
    """
    found: list[SourcedManifest] = []
    problems: list[UnreadableManifest] = []
    for path in paths:
        files = _files_of(path, without)
        if not files:
            hint = "Name a manifest, or a folder with .yaml or .json files."
            problems.append(
                UnreadableManifest(f"{path}: there is no manifest here.", hint=hint, source=str(path))
            )
        for file in files:
            try:
                read = _documents(file)
            except UnreadableManifest as problem:
                problems.append(problem)
                continue
            for document in read:
                for each in _manifests_in(document, file):
                    if isinstance(each, UnreadableManifest):
                        problems.append(each)
                    else:
                        found.append(SourcedManifest(str(file), each))
    return found, problems


def is_below(path: Path, folder: Path) -> bool:
    """Whether a file belongs to a folder: not where some folder in between is hidden."""
    if not path.is_relative_to(folder):
        return False
    # Hidden folders hold state (.lmos) or belong to other tools (.git).
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _files_of(path: Path, without: Collection[Path]) -> list[Path]:
    if not path.is_dir():
        return [path] if path.exists() or path == STANDARD_INPUT else []
    return sorted(
        file
        for file in path.rglob("*")
        if file.suffix in SUFFIXES
        and is_below(file, path)
        and not any(file.is_relative_to(folder) for folder in without)
        and file.is_file()
    )


def _documents(file: Path) -> list[Any]:
    try:
        text = _text(file)
        if file.suffix == ".json":
            value = _json(text)
            if value is not None:
                return [value]
        return [document for document in documents(text) if document is not None]
    except (UnusableYaml, yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        what, hint = _told(error)
        raise UnreadableManifest(f"{file} cannot be read: {what}.", hint=hint, source=str(file)) from error


def _text(file: Path) -> str:
    if file == STANDARD_INPUT:
        content = sys.stdin.buffer.read(LARGEST_FILE + 1)
    else:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise UnusableYaml(f"it is larger than {LARGEST_FILE // 1024 // 1024} MiB", None)
    return content.decode("utf-8-sig")


def _json(text: str) -> Any:  # noqa: ANN401 - whatever stands in the file
    """The value, None where it is no JSON: then the YAML reader says what is wrong with it."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if is_too_deep(value):
        raise UnusableYaml("it is nested too deeply", None)
    return value


def _told(error: Exception) -> tuple[str, str]:
    """What is wrong, in one line with its place, and what to do."""
    hint = "Correct the file; the others were read."
    match error:
        case UnicodeDecodeError():
            return f"it is not encoded in UTF-8 (byte {error.start})", "Save it as UTF-8."
        case OSError():
            return os.strerror(error.errno or 0), "Check the file and its permissions."
        case yaml.MarkedYAMLError() if error.problem_mark:
            where = f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
            is_tab = "cannot start any token" in str(error.problem)
            advice = "Indent with spaces, never with tabs, and quote texts that begin with @, ` or %."
            return f"{where}: {error.problem}", advice if is_tab else hint
        case _:
            return " ".join(str(error).split()), hint


def _manifests_in(document: Any, file: Path) -> Iterator[Manifest | UnreadableManifest]:  # noqa: ANN401 - any YAML
    if not isinstance(document, dict):
        yield UnreadableManifest(
            f"{file} holds {_noun(document)} where a manifest should be.",
            hint="A manifest is a mapping with apiVersion, kind, metadata and spec.",
            source=str(file),
        )
        return
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from _manifests_in(item, file)
        return
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    values = (document.get("apiVersion"), document.get("kind"), metadata.get("name"))
    missing = [
        field for field, value in zip(_NEEDED, values, strict=True) if not isinstance(value, str) or not value
    ]
    if missing:
        yield UnreadableManifest(
            f"{file}: a document has no {' and no '.join(missing)}.",
            hint="Every manifest names its apiVersion, kind and metadata.name, each a text.",
            source=str(file),
        )
        return
    if not isinstance(metadata.get("namespace") or "", str):
        yield UnreadableManifest(
            f"{file}: the namespace of {document['kind']} {metadata['name']} is no text.",
            hint="Put it in quotes.",
            source=str(file),
        )
        return
    yield document


def _noun(document: object) -> str:
    return "a list" if isinstance(document, list) else "a single value"
