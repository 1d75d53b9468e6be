"""
How good the router is on CLINC150, as rows of a table.

    python -m benchmarks.routing.run [--split test] [--encoder tfidf] [NAME…]

The data (Larson et al., EMNLP 2019, CC BY 3.0) is read from ../shared/datasets/clinc150 and not shipped. What
is tuned is tuned on the training and validation splits; `--split test` is for the figures that are written
down. Each NAME is part of a grouping's name; without one all are measured. Numpy calculates on one thread.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from lmos.apps.arithmetic import on_one_thread

with on_one_thread():
    from benchmarks.routing.rosters import DATA, GROUPINGS, grouped
    from lmos.adapters.system import SystemClock
    from lmos.apps.encoders import EncoderKind, encoder_of
    from lmos.router.evaluation import evaluate

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


def main() -> None:
    """Measure, and print each row as soon as it is known."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--encoder", choices=list(EncoderKind), default=EncoderKind.USE)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if not DATA.is_dir():
        print(f"Skipped: there is no {DATA}.")
        return
    encoder = encoder_of({"LMOS_ENCODER": options.encoder})
    print(f"| {options.split}, {options.encoder} | {' | '.join(_COLUMNS)} | p50 / p99 | training |")
    print("|---" * (len(_COLUMNS) + 3) + "|")
    for name, grouping in GROUPINGS.items():
        if not options.names or any(part in name for part in options.names):
            roster, questions = grouped(grouping, options.split)
            evaluation = asyncio.run(evaluate(roster, questions, encoder, SystemClock()))
            print(f"| {name} | {' | '.join(_cells(evaluation.figures()))} |", flush=True)


def _cells(figures: dict[str, Any]) -> list[str]:
    shares = [_percent(figures[figure]) for figure in _COLUMNS.values()]
    latency = figures["latency_ms"]
    return [*shares, f"{latency['p50']:.1f} / {latency['p99']:.1f} ms", f"{figures['train_seconds']:.1f} s"]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


if __name__ == "__main__":
    main()
