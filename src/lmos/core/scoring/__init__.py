"""The arithmetic of the router: arrays in, arrays out."""

from lmos.core.scoring.calibration import Goal, Thresholds, calibrate, familiarity
from lmos.core.scoring.features import FeatureMap, Matrix, ngram_counts, unit
from lmos.core.scoring.head import Head, softmax, train_head
from lmos.core.scoring.rank import group_probabilities, restricted

__all__ = [
    "FeatureMap",
    "Goal",
    "Head",
    "Matrix",
    "Thresholds",
    "calibrate",
    "familiarity",
    "group_probabilities",
    "ngram_counts",
    "restricted",
    "softmax",
    "train_head",
    "unit",
]
