"""Writes a container's files where its process finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.localnode.process import CannotStart

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.localnode.volumes import Mounts

_OURS_ALONE, _FOLDER_OURS_ALONE = 0o600, 0o700


def write_mounts(mounts: Mounts, root: Path) -> None:
    """
    Bring the files below `root` up to date; each is replaced as a whole, and only its owner can read it.

    Raises:
        CannotStart: A file cannot be written.
    """
    try:
        root.mkdir(mode=_FOLDER_OURS_ALONE, parents=True, exist_ok=True)
        for folder in mounts.folders:
            if folder not in mounts.files:
                (root / folder.relative_to("/")).mkdir(parents=True, exist_ok=True)
        for path, value in mounts.files.items():
            place = root / path.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_file() and place.read_bytes() == value.data:
                continue
            written = place.with_name(f"..{place.name}")
            written.touch(mode=_OURS_ALONE)
            written.write_bytes(value.data)
            written.replace(place)
    except OSError as error:
        raise CannotStart(
            f"The volumes below {root} cannot be written: {error.strerror}.",
            hint="Free some space, or mend the permissions of its folder.",
        ) from error
