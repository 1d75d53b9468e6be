"""The confusion matrix: which Agent's questions went to which."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.cli.plots.svg import Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_AGENTS = 30
"""Of more Agents, those that are confused most are shown."""

_NO_AGENT = "(none)"
_SHOWN_LETTERS = 22
_LETTER_WIDTH = 6.6
_TOP = 84.0
_STRONG = 0.55
_LARGE_CELL, _SMALL_CELL = 44.0, 30.0
_MOST_LARGE = 12


def confusion_matrix(counted: Mapping[tuple[str | None, str | None], int]) -> str:
    """
    An SVG document.

    Args:
        counted: How many questions for the first Agent went to the second; None stands for out of scope,
            and for asked back.
    """
    everybody = {name for pair in counted for name in pair if name is not None}
    shown = [*sorted(most_confused(counted, everybody)), None]
    margin = max(90.0, _LETTER_WIDTH * max(len(_label(name)) for name in shown) + 24)
    cell = _LARGE_CELL if len(shown) <= _MOST_LARGE else _SMALL_CELL
    grid = _Grid(margin + 20, _TOP + margin * 0.75, cell)
    side = cell * len(shown)
    agents = len(shown) - 1
    of = f"the {agents} most confused of {len(everybody)} Agents, " if len(everybody) > agents else ""
    drawing = Drawing(
        max(grid.left + side + margin * 0.75, 560),
        grid.top + side + 40,
        "Who was mistaken for whom",
        f"{of}rows: whom a question was for, columns: where it went; shares of a row",
    )
    _draw_legend(drawing)
    for row, wanted in enumerate(shown):
        grid.draw_names(drawing, row, wanted)
        total = sum(count for (meant, _), count in counted.items() if meant == wanted)
        for column, got in enumerate(shown):
            grid.draw_cell(drawing, (row, column), (wanted, got), counted.get((wanted, got), 0), total)
    return str(drawing)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where cells stand: the upper left corner of the first, and the side of each, in pixels."""

    left: float
    top: float
    cell: float

    def draw_names(self, drawing: Drawing, place: int, name: str | None) -> None:
        """An Agent before its row and above its column."""
        middle = self.cell * (place + 0.5) + 4
        drawing.words(self.left - 8, self.top + middle, _label(name), anchor="end")
        drawing.words(self.left + middle, self.top - 8, _label(name), turned=-45)

    def draw_cell(
        self,
        drawing: Drawing,
        place: tuple[int, int],
        names: tuple[str | None, str | None],
        count: int,
        total: int,
    ) -> None:
        """How many of the `total` questions for the first Agent went to the second, at a row and column."""
        x, y, side = (
            self.left + self.cell * place[1] + 0.5,
            self.top + self.cell * place[0] + 0.5,
            self.cell - 1,
        )
        drawing.box(x, y, side, side, "area", 0.04)
        if not count:
            return
        wanted, got = names
        share = count / total
        hint = f"{count} of {total} for {wanted or 'nobody'} {f'to {got}' if got else 'asked back'}"
        drawing.box(x, y, side, side, _kind(wanted, got), 0.12 + 0.88 * share, hint)
        kind = f"{'over' if share > _STRONG else ''} {'small' if self.cell < _LARGE_CELL else ''}".strip()
        drawing.words(x + side / 2, y + side / 2 + 4, str(count), kind, "middle")


def most_confused(counted: Mapping[tuple[str | None, str | None], int], names: set[str]) -> Sequence[str]:
    """At most MOST_AGENTS of these, those first that most questions came to or left wrongly."""
    mistakes: Counter[str | None] = Counter()
    for (wanted, got), count in counted.items():
        if wanted != got:
            mistakes[wanted] += count
            mistakes[got] += count
    return sorted(names, key=lambda name: (-mistakes[name], name))[:MOST_AGENTS]


def _kind(wanted: str | None, got: str | None) -> str:
    if wanted == got:
        return "good"
    return "open" if got is None else "bad"


def _draw_legend(drawing: Drawing) -> None:
    for place, (kind, told) in enumerate((("good", "right"), ("open", "asked back"), ("bad", "wrong Agent"))):
        x = 20.0 + 100 * place
        drawing.box(x, 60, 12, 12, kind)
        drawing.words(x + 18, 70, told)


def _label(name: str | None) -> str:
    told = " ".join((name or _NO_AGENT).split())
    return told if len(told) <= _SHOWN_LETTERS else f"{told[: _SHOWN_LETTERS - 1]}…"
