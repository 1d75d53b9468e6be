"""Plots written to a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.cli.output import aside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_plots(folder: Path, plots: Mapping[str, str]) -> None:
    """Write each document as NAME.svg in `folder`, which is made where it is not there, and say so."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in plots.items():
        folder.joinpath(f"{name}.svg").write_text(document, encoding="utf-8")
    aside(f"Plots in {folder}: {', '.join(f'{name}.svg' for name in plots)}.")
