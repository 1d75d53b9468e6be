"""What a Capability is called, as one more example of it, where the name says what the examples say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lmos.core.scoring.features import class_sums, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix

NAME_WEIGHT = 0.3
"""How much a name counts beside an example's 1.0."""

_LOWEST_RANK = 3
_CLASSES_A_RANK = 20


def fitting_names(names: Matrix, features: Matrix, classes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """
    Which classes have a name that is closer to their own examples than to nearly all others'.

    A name such as “skill 17”, or one that means something else, would only mislead. Among many classes a
    name may come third, among few it must come first.

    Args:
        names: Features of each class's name, shape (classes, features).
        features: Of the examples, shape (n, features).
        classes: Class of each example, shape (n,), each class at least once.

    Returns:
        Shape (classes,).

    Source:
        docs/decisions/0019-what-the-head-sees.md
    """
    closeness = names @ unit(class_sums(features, classes, len(names))).T
    closer: NDArray[np.intp] = (closeness > np.diag(closeness)[:, None]).sum(axis=1)
    return closer < min(_LOWEST_RANK, 1 + len(names) // _CLASSES_A_RANK)
