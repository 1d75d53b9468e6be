"""The reliability diagram: how often answers were right, beside how probable they were said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.cli.plots.frame import Frame
from lmos.cli.plots.svg import Drawing
from lmos.core.scoring import expected_calibration_error
from lmos.core.scoring.curves import reliability
from lmos.core.scoring.figures import BINS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lmos.core.scoring import Matrix

_FRAME = Frame(left=84, bottom=440, width=420, height=370)
_COUNTS_BOTTOM = 570
_COUNTS_HEIGHT = 60


def reliability_diagram(probabilities: Matrix, hits: NDArray[np.bool_]) -> str:
    """
    An SVG document.

    Args:
        probabilities: Of the chosen answer, shape (n,), n at least 1.
        hits: Whether it was right, shape (n,).
    """
    found = reliability(probabilities, hits)
    error = expected_calibration_error(probabilities, hits)
    drawing = Drawing(
        540,
        600,
        f"Reliability: expected calibration error {100 * error:.1f} %",
        f"{len(hits)} questions by the probability of their Agent; on the dashed line it comes true",
    )
    _FRAME.draw(drawing, "probability of the Agent", "share that was right")
    width = _FRAME.width / BINS
    most = int(found.counts.max())
    for number, count in enumerate(map(int, found.counts)):
        left, _ = _FRAME.at(number / BINS, 0)
        drawing.words(left + width / 2, _COUNTS_BOTTOM + 13, str(count), "quiet small", "middle")
        if not count:
            continue
        claimed, true = float(found.claimed[number]), float(found.true[number])
        hint = f"{count} questions: said {100 * claimed:.1f} %, right {100 * true:.1f} %"
        _, top = _FRAME.at(0, true)
        drawing.box(left + 1.5, top, width - 3, _FRAME.bottom - top, "area", 0.35, hint)
        height = _COUNTS_HEIGHT * count / most
        drawing.box(left + 1.5, _COUNTS_BOTTOM - height, width - 3, height, "area", 0.75, hint)
    drawing.line(_FRAME.at(0, 0), _FRAME.at(1, 1), "ideal")
    for claimed, true, count in zip(found.claimed, found.true, found.counts, strict=True):
        if count:
            drawing.dot(*_FRAME.at(float(claimed), float(true)), 4.5, "dot")
    drawing.words(_FRAME.left - 8, _COUNTS_BOTTOM - 2, "questions", "quiet", "end")
    return str(drawing)
