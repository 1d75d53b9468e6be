"""What a language model is told to do, where nobody writes prompts of their own; the texts stand beside."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from lmos.router.prompts import PromptTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.router.language import Language

_LANGUAGES: tuple[Language, ...] = ("en", "de")


def _prompt(name: str) -> Mapping[Language, PromptTemplate]:
    texts = files(__package__)
    return {
        language: PromptTemplate.parse(
            (texts / f"{name}.{language}.txt").read_text(encoding="utf-8").rstrip("\n")
        )
        for language in _LANGUAGES
    }


CHOOSE = _prompt("choose")
"""Which Agent answers; sees `agents`."""

INTRODUCE = _prompt("introduce")
"""Who asks back; sees `tenant`."""

CLARIFY = _prompt("clarify")
"""What is asked back; sees `agents` and `tenant`."""

__all__ = ["CHOOSE", "CLARIFY", "INTRODUCE"]
