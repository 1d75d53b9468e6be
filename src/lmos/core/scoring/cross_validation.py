"""Cross-validation: examples judged by heads that have not seen them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring.head import position_in_class
from lmos.core.scoring.resemblance import likeness_to_generic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.examples import Examples, Texts
    from lmos.core.scoring.features import Matrix

FOLDS = 4


@dataclass(frozen=True, slots=True)
class HeldOut:
    """
    How examples are judged by heads that have not seen them.

    Attributes:
        indices: Which examples, shape (n,).
        logits: What the head trained without it makes of each, shape (n, classes).
        generic: How much each is like generic texts, shape (n,).
    """

    indices: NDArray[np.intp]
    logits: Matrix
    generic: Matrix


def held_out(examples: Examples, generic: Texts, enough: int | None = None) -> HeldOut:
    """
    Judge every example that users say by a head trained without it.

    Every class's examples are dealt into FOLDS in their order; each fold is judged by a head trained on
    the others. Classes with a single example cannot be held out.

    Args:
        examples: What is dealt.
        generic: Texts that are about anything.
        enough: How many are wanted; where there are more, some are judged and the rest left out.
    """
    said = np.bincount(examples.classes, weights=examples.is_said, minlength=examples.count)
    several = examples.is_said & (said[examples.classes] > 1)
    wanted = int(several.sum()) if enough is None else min(enough, int(several.sum()))
    folds = max(FOLDS, int(several.sum()) // max(1, wanted))
    dealt = position_in_class(examples.classes) % folds
    indices = [np.empty(0, dtype=np.intp)]
    logits = [np.empty((0, examples.count), dtype=np.float32)]
    likeness = [np.empty(0, dtype=np.float32)]
    for fold in range(folds):
        held = (dealt == fold) & several
        if held.any() and sum(map(len, indices)) < wanted:
            model = examples.without(held).model()
            features = model.features(examples.texts[held])
            indices.append(np.flatnonzero(held))
            logits.append(model.head.logits(features))
            likeness.append(likeness_to_generic(features, model.features(generic)))
    return HeldOut(np.concatenate(indices), np.concatenate(logits), np.concatenate(likeness))
