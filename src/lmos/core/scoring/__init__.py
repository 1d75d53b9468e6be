"""The arithmetic of the router: arrays in, arrays out."""

from lmos.core.scoring.calibration import Calibration, Goal, Ranked, Thresholds, calibrate
from lmos.core.scoring.cross_validation import HeldOut, held_out
from lmos.core.scoring.examples import Examples, Model, Texts
from lmos.core.scoring.features import FeatureMap, Matrix, ngram_counts, unit
from lmos.core.scoring.figures import auroc, coverage_at, expected_calibration_error, recall_at
from lmos.core.scoring.head import Head, softmax, train_head
from lmos.core.scoring.rank import group_probabilities, restricted
from lmos.core.scoring.resemblance import familiarity, likeness_among_generic, likeness_to_generic

__all__ = [
    "Calibration",
    "Examples",
    "FeatureMap",
    "Goal",
    "Head",
    "HeldOut",
    "Matrix",
    "Model",
    "Ranked",
    "Texts",
    "Thresholds",
    "auroc",
    "calibrate",
    "coverage_at",
    "expected_calibration_error",
    "familiarity",
    "group_probabilities",
    "held_out",
    "likeness_among_generic",
    "likeness_to_generic",
    "ngram_counts",
    "recall_at",
    "restricted",
    "softmax",
    "train_head",
    "unit",
]
