"""A square of shares: axes from 0 to 100 %, or to a smaller share where all lies below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.cli.plots.svg import Drawing

_STEPS = 5


@dataclass(frozen=True, slots=True)
class Frame:
    """
    Where shares stand on a drawing.

    Attributes:
        left: Of its lower left corner, in pixels.
        bottom: Of the same.
        width: In pixels.
        height: In pixels.
        highest: The share at the top.
    """

    left: float
    bottom: float
    width: float
    height: float
    highest: float = 1.0

    def at(self, across: float, up: float) -> tuple[float, float]:
        """The point of two shares, in pixels."""
        return self.left + across * self.width, self.bottom - up / self.highest * self.height

    def draw(self, drawing: Drawing, across: str, up: str) -> None:
        """The grid with its percentages, and what both axes mean."""
        for step in range(_STEPS + 1):
            share = step / _STEPS
            x, _ = self.at(share, 0)
            _, y = self.at(0, share * self.highest)
            kind = "grid" if step else "axis"
            drawing.line((x, self.bottom), (x, self.bottom - self.height), kind)
            drawing.line((self.left, y), (self.left + self.width, y), kind)
            drawing.words(x, self.bottom + 18, f"{100 * share:.0f} %", "quiet", "middle")
            drawing.words(self.left - 8, y + 4, f"{100 * share * self.highest:g} %", "quiet", "end")
        drawing.words(self.left + self.width / 2, self.bottom + 40, across, anchor="middle")
        x, y = self.left - 52, self.bottom - self.height / 2
        drawing.words(x, y, up, anchor="middle", turned=-90)
