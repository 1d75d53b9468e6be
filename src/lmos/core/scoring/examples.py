"""What a head is trained on: examples of classes, and the names of some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from lmos.core.scoring.features import FeatureMap
from lmos.core.scoring.head import train_head
from lmos.core.scoring.names import NAME_WEIGHT, fitting_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lmos.core.scoring.features import Matrix
    from lmos.core.scoring.head import Head


@dataclass(frozen=True, slots=True)
class Texts:
    """
    Texts as features are made of them.

    Attributes:
        embeddings: Unit embeddings, shape (n, d).
        counts: `ngram_counts`, shape (n, BUCKETS).
    """

    embeddings: Matrix
    counts: Matrix

    def __len__(self) -> int:
        return len(self.embeddings)

    def __getitem__(self, rows: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Texts:
        return Texts(self.embeddings[rows], self.counts[rows])

    def copied(self) -> Texts:
        """The same in memory of their own, so that those of which they are a part can go."""
        return Texts(self.embeddings.copy(), self.counts.copy())

    def and_also(self, others: Texts) -> Texts:
        """These and then the others."""
        return Texts(np.vstack((self.embeddings, others.embeddings)), np.vstack((self.counts, others.counts)))


@dataclass(frozen=True, slots=True)
class Model:
    """A head and the features that it was trained on."""

    feature_map: FeatureMap
    head: Head

    def features(self, texts: Texts) -> Matrix:
        """Features of texts, shape (n, features)."""
        return self.feature_map(texts.embeddings, texts.counts)


@dataclass(frozen=True, slots=True)
class Examples:
    """
    Examples of classes, at least one of each.

    Attributes:
        texts: The examples.
        classes: Class of each, shape (n,).
        importance: How much each counts, shape (n,); names, which count less than 1, come last.
        is_said: Whether users say it, shape (n,); what they do not say stands for a class without examples,
            or is what a class is called, and is never held out.
        groups: Group of each class, shape (classes,); a Capability's Agent.
    """

    texts: Texts
    classes: NDArray[np.intp]
    importance: Matrix
    is_said: NDArray[np.bool_]
    groups: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        texts: Texts,
        classes: NDArray[np.intp],
        is_said: NDArray[np.bool_],
        names: Texts,
        groups: NDArray[np.intp],
    ) -> Self:
        """
        Examples with those names that say what the examples say.

        Args:
            texts: What is said, or could be.
            classes: Class of each, shape (n,).
            is_said: Whether users say it, shape (n,); a class has either such examples or others.
            names: What each class is called, in the order of classes.
            groups: Group of each class, shape (classes,).
        """
        feature_map = FeatureMap.fit(texts.embeddings, texts.counts, classes)
        fits = fitting_names(
            feature_map(names.embeddings, names.counts), feature_map(texts.embeddings, texts.counts), classes
        )
        has_examples = np.bincount(classes, weights=is_said, minlength=len(names)) > 0
        named = np.flatnonzero(fits & has_examples)
        return cls(
            texts.and_also(names[named]),
            np.concatenate((classes, named)),
            np.concatenate((np.ones(len(classes)), np.full(len(named), NAME_WEIGHT))).astype(np.float32),
            np.concatenate((is_said, np.zeros(len(named), dtype=np.bool_))),
            groups,
        )

    @property
    def count(self) -> int:
        """Number of classes."""
        return len(self.groups)

    def without(self, held: NDArray[np.bool_]) -> Self:
        """The rest when some examples are held out, shape (n,), none of them the last of its class."""
        kept = ~held
        return type(self)(
            self.texts[kept], self.classes[kept], self.importance[kept], self.is_said[kept], self.groups
        )

    def model(self) -> Model:
        """A head trained on all of them; each class counts the same, however many examples it has."""
        whole = slice(int((self.importance >= 1).sum()))
        fitted = self.texts[whole]
        feature_map = FeatureMap.fit(fitted.embeddings, fitted.counts, self.classes[whole])
        sizes = np.bincount(self.classes[whole], minlength=self.count)
        weights = self.importance / sizes[self.classes]
        features = feature_map(self.texts.embeddings, self.texts.counts)
        return Model(feature_map, train_head(features, self.classes, self.groups, weights.astype(np.float32)))
