"""Figures as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lmos.router.evaluation import Evaluation

_COLUMNS = {
    "Agent": "agent_accuracy",
    "Capability": "capability_accuracy",
    "out of scope at 5 %": "oos_recall_at_5",
    "AUROC": "oos_auroc",
    "coverage at 99 %": "coverage_at_99",
    "calibration error": "ece",
    "answered": "answered",
    "of these right": "answered_accuracy",
    "out of scope asked back": "oos_asked_back",
}


def print_head(title: str) -> None:
    """The head of a table of evaluations."""
    print()
    print_row(title, *_COLUMNS, "training")
    print("|---" * (len(_COLUMNS) + 2) + "|", flush=True)


def print_evaluation(name: str, evaluation: Evaluation) -> None:
    """One row, as soon as it is known."""
    figures = evaluation.figures()
    shares = (_percent(figures[figure]) for figure in _COLUMNS.values())
    print_row(name, *shares, f"{figures['train_seconds']:.2f} s")


def print_measured(title: str, measured: Mapping[str, object]) -> None:
    """A table of two columns."""
    print()
    print_row(title, "measured")
    print("|---|---|")
    for name, value in measured.items():
        print_row(name, str(value))


def print_row(*cells: str) -> None:
    """One row."""
    print(f"| {' | '.join(cells)} |", flush=True)


def milliseconds(seconds: Sequence[float]) -> str:
    """Median and 99th percentile."""
    ordered = sorted(seconds)
    median, last = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99))
    return f"{1000 * median:.2f} / {1000 * last:.2f} ms"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
