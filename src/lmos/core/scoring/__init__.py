"""The arithmetic of the router: arrays in, arrays out."""

from lmos.core.scoring.calibration import Goal, HeldOut, Thresholds, calibrate, familiarity, held_out
from lmos.core.scoring.examples import Examples
from lmos.core.scoring.features import FeatureMap, Matrix, ngram_counts, unit
from lmos.core.scoring.figures import auroc, coverage_at, expected_calibration_error, recall_at
from lmos.core.scoring.head import Head, softmax, train_head
from lmos.core.scoring.rank import group_probabilities, restricted

__all__ = [
    "Examples",
    "FeatureMap",
    "Goal",
    "Head",
    "HeldOut",
    "Matrix",
    "Thresholds",
    "auroc",
    "calibrate",
    "coverage_at",
    "expected_calibration_error",
    "familiarity",
    "group_probabilities",
    "held_out",
    "ngram_counts",
    "recall_at",
    "restricted",
    "softmax",
    "train_head",
    "unit",
]
