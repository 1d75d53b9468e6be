"""What a head is trained on: examples of classes, and the names of some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from lmos.core.scoring.head import train_head
from lmos.core.scoring.names import NAME_WEIGHT, fitting_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix
    from lmos.core.scoring.head import Head


@dataclass(frozen=True, slots=True)
class Examples:
    """
    Examples of classes 0 to `count` - 1, at least one of each.

    Attributes:
        features: Of the examples, shape (n, features).
        classes: Class of each example, shape (n,).
        names: Features of what some classes are called, shape (m, features).
        named: Class of each name, shape (m,).
        count: Number of classes.
    """

    features: Matrix
    classes: NDArray[np.intp]
    names: Matrix
    named: NDArray[np.intp]
    count: int

    @classmethod
    def of(cls, features: Matrix, classes: NDArray[np.intp], names: Matrix) -> Self:
        """
        Examples with those names that say what the examples say.

        Args:
            features: Of the examples, shape (n, features).
            classes: Class of each example, shape (n,).
            names: Of each class's name, shape (classes, features); a row of zeros where it has none.
        """
        fitting = np.flatnonzero(fitting_names(names, features, classes) & names.any(axis=1))
        return cls(features, classes, names[fitting], fitting, len(names))

    def without(self, held: NDArray[np.bool_]) -> Self:
        """The rest when some examples are held out, shape (n,), none of them the last of its class."""
        return type(self)(self.features[~held], self.classes[~held], self.names, self.named, self.count)

    def head(self) -> Head:
        """A head trained on all of them."""
        weights = np.concatenate((np.ones(len(self.classes)), np.full(len(self.named), NAME_WEIGHT)))
        return train_head(
            np.vstack((self.features, self.names)),
            np.concatenate((self.classes, self.named)),
            self.count,
            weights.astype(np.float32),
        )
