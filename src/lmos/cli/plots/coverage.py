"""The coverage-risk curve: how many mistakes answering more brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmos.cli.plots.frame import Frame
from lmos.cli.plots.svg import Drawing
from lmos.core.scoring import coverage_at
from lmos.core.scoring.curves import ACCURACIES, coverage_risk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring import Matrix

_SCALES = (0.05, 0.1, 0.2, 0.5, 1.0)
_LEGEND_WIDTH = 220
_NEAR = 1e-6


def coverage_curve(probabilities: Matrix, hits: NDArray[np.bool_]) -> str:
    """
    An SVG document.

    Args:
        probabilities: Of the chosen answer, shape (n,), n at least 1.
        hits: Whether it was right, shape (n,).
    """
    found = coverage_risk(probabilities, hits)
    # The first few answers may all be wrong, and would press the rest down.
    riskiest = float(found.risk[found.coverage >= min(0.05, float(found.coverage[-1]))].max())
    highest = next(scale for scale in _SCALES if riskiest <= scale)
    frame = Frame(left=84, bottom=440, width=420, height=370, highest=highest)
    drawing = Drawing(
        frame.left + frame.width + _LEGEND_WIDTH,
        490,
        "Coverage and risk",
        f"{len(hits)} questions, the surest answered first: the share of the answers that is wrong",
    )
    frame.draw(drawing, "share of questions answered", "share of answers that are wrong")
    points = zip(map(float, found.coverage), map(float, found.risk), strict=True)
    drawing.curve([frame.at(answered, min(risk, highest)) for answered, risk in points], "curve")
    for place, accuracy in enumerate(ACCURACIES):
        covered = coverage_at(accuracy, probabilities, hits)
        share = f"{100 * covered:.1f} %" if covered else "none"
        told = f"{share} answered, ≥ {100 * accuracy:.0f} % right"
        drawing.words(frame.left + frame.width + 20, frame.bottom - frame.height + 14 + 24 * place, told)
        if covered:
            _mark(
                drawing, frame, covered, float(found.risk[np.searchsorted(found.coverage, covered - _NEAR)])
            )
    return str(drawing)


def _mark(drawing: Drawing, frame: Frame, covered: float, risk: float) -> None:
    """A point of the curve, with lines to where its shares are read."""
    x, y = frame.at(covered, min(risk, frame.highest))
    drawing.line((frame.left, y), (x, y), "mark")
    drawing.line((x, y), (x, frame.bottom), "mark")
    drawing.dot(x, y, 4, "marked")
