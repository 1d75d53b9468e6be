"""What people ask that hardly any Agent is there for: written for LMOS, Apache-2.0, English and German."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def generic_texts() -> tuple[str, ...]:
    """All of them; no head is trained on them, familiarity is measured against them."""
    folder = files(__package__)
    return tuple(
        line
        for name in ("en.txt", "de.txt")
        for line in folder.joinpath(name).read_text(encoding="utf-8").splitlines()
    )
