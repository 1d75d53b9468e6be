"""The volumes of a Pod as files below a folder that stands for the container's root."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lmos.core.resources.kinds import CONFIG_MAP, SECRET
from lmos.localnode.configuration import UnrunnablePod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmos.core.resources.kinds import Kind, Manifest
    from lmos.localnode.configuration import Configuration, Value


@dataclass(frozen=True, slots=True)
class Mounts:
    """
    What a container finds in its file system.

    Attributes:
        files: Path inside the container to content.
        folders: Paths inside the container that are there even when they are empty.
    """

    files: dict[PurePosixPath, Value] = field(default_factory=dict)
    folders: tuple[PurePosixPath, ...] = ()

    def located(self, text: str, root: str) -> str:
        """
        `text` with each mounted path in it replaced by where that is on this machine.

        So `--config=/etc/agent/settings.yaml` works where a process has no file system of its own. A path
        counts where it stands alone: at an end of the text or beside one of `=:,;` or a space.
        """
        for path in sorted(map(str, self.folders), key=len, reverse=True):
            text = re.sub(rf"(?<![^=:,;\s]){re.escape(path)}(?=[/:,;\s]|$)", lambda m: root + m[0], text)
        return text


def mounts_of(pod: Manifest, container: Manifest, configuration: Configuration) -> Mounts:
    """
    Read a container's volume mounts: ConfigMaps, Secrets and empty folders.

    Raises:
        UnrunnablePod: A volume needs a cluster, or a path leads out of the container.
        MissingConfiguration: A ConfigMap, Secret or key is missing.
    """
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    files: dict[PurePosixPath, Value] = {}
    folders = []
    for mount in container.get("volumeMounts") or ():
        place = _inside(mount["mountPath"])
        content = _content(volumes.get(mount["name"], {"name": mount["name"]}), configuration)
        folders.append(place)
        if sub_path := mount.get("subPath"):
            part = PurePosixPath(sub_path)
            content = {
                path.relative_to(part): value for path, value in content.items() if path.is_relative_to(part)
            }
        # A subPath that names one file makes the mount path that file.
        files |= {place / path if path.parts else place: value for path, value in content.items()}
    return Mounts(files, tuple(folders))


def _content(volume: Manifest, configuration: Configuration) -> dict[PurePosixPath, Value]:
    if (source := volume.get("configMap")) is not None:
        return dict(_chosen(CONFIG_MAP, source, configuration))
    if (source := volume.get("secret")) is not None:
        return dict(_chosen(SECRET, source, configuration))
    if "emptyDir" in volume:
        return {}
    raise UnrunnablePod(
        f"Volume {volume['name']!r} needs a cluster.",
        hint="One machine knows the volumes configMap, secret and emptyDir.",
    )


def _chosen(
    kind: Kind, source: Manifest, configuration: Configuration
) -> Iterator[tuple[PurePosixPath, Value]]:
    """The keys that `items` choose, each under its path; without `items` all of them."""
    if not source.get("items"):
        for key, value in configuration.all_of(kind, source).items():
            yield PurePosixPath(key), value
    for item in source.get("items") or ():
        reference = {"name": "", **source, **item}
        if chosen := configuration.key_of(kind, reference):
            yield PurePosixPath(*_inside(f"/{item['path']}").parts[1:]), chosen


def _inside(path: str) -> PurePosixPath:
    place = PurePosixPath("/", path)
    if ".." in place.parts or not path.startswith("/"):
        raise UnrunnablePod(
            f"Path {path!r} does not lead into the container.", hint="Give an absolute path without '..'."
        )
    return place
