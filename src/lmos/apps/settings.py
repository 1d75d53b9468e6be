"""What `lmos up` is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA_FOLDER = ".lmos"


@dataclass(frozen=True, slots=True)
class Settings:
    """What `lmos up` was told; ports of 0 mean any free one, None no port at all."""

    paths: tuple[Path, ...]
    data: Path
    api_port: int
    operator_port: int
    runtime_port: int
    management_port: int | None

    @classmethod
    def of(
        cls,
        paths: Sequence[Path],
        data: Path | None,
        api_port: int,
        operator_port: int,
        runtime_port: int,
        management_port: int | None,
    ) -> Settings:
        """
        Settings with the data folder beside the manifests unless another is named.

        Raises:
            InvalidInput: A path does not exist.
        """
        for path in paths:
            if not path.exists():
                raise InvalidInput(f"There is no {path}.", hint="Name a manifest, a folder or a Python file.")
        first = paths[0].resolve() if paths else Path.cwd()
        beside = first if first.is_dir() else first.parent
        return cls(
            tuple(paths),
            (data or beside / DATA_FOLDER).resolve(),
            api_port,
            operator_port,
            runtime_port,
            management_port,
        )
