"""
How good and how fast the router is, beside simpler ways and a peer on the same embeddings.

    python -m benchmarks.routing.run [--split test] [--encoder use] [SECTION…]

The data (Larson et al., EMNLP 2019, CC BY 3.0) is read from ../shared/datasets/clinc150 and not shipped. What
is tuned is tuned on the training and validation splits; `--split test` is for the figures that are written
down. Whatever is drawn is drawn with fixed seeds, and numpy calculates on one thread. Without a SECTION all
are printed: groupings, variants, languages, dialogues, speed, big.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from lmos.apps.arithmetic import on_one_thread

with on_one_thread():
    from benchmarks.routing.known import KnownTexts
    from benchmarks.routing.languages import print_dialogues, print_languages
    from benchmarks.routing.peers import peers_python, print_semantic_router
    from benchmarks.routing.rosters import DATA, GROUPINGS, grouped
    from benchmarks.routing.speed import print_speed
    from benchmarks.routing.tables import print_evaluation, print_head, print_measured
    from lmos.adapters.system import SystemClock
    from lmos.apps.encoders import EncoderKind, encoder_of
    from lmos.core.errors import LmosError
    from lmos.router.evaluation import evaluate
    from lmos.router.training import lesson_of
    from lmos.router.variants import VariantName, evaluate_variant

if TYPE_CHECKING:
    from lmos.ports.models import Encoder
    from lmos.router import Roster
    from lmos.router.questions import Question

SECTIONS = ("groupings", "variants", "languages", "dialogues", "speed", "big")
LEFT_OUT: dict[EncoderKind, set[str]] = {
    kind: {"big", "variants"} if kind is EncoderKind.TFIDF else {"big"}
    for kind in EncoderKind
    if kind is not EncoderKind.USE
}
"""What is measured of an encoder only where it is named, so that all of it takes minutes."""

COMPARED = ("10 examples a Capability", "120 Capabilities among 25 Agents, 10 examples")
"""Groupings on which variants and peers are measured too."""


def main() -> None:
    """Measure, and print each row as soon as it is known."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--encoder", choices=list(EncoderKind), help="this one alone")
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    options = parser.parse_args()
    wanted = set(options.sections or SECTIONS)
    if unknown := wanted - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    if not DATA.is_dir():
        print(f"Skipped: there is no {DATA}.")
        return
    for kind in [EncoderKind(options.encoder)] if options.encoder else list(EncoderKind):
        encoder = _encoder(kind)
        if encoder:
            less: set[str] = set() if options.encoder else LEFT_OUT.get(kind, set())
            _measure(kind, encoder, options.split, wanted - less)
    if "dialogues" in wanted:
        print(f"\n### Dialogues, {options.split}\n", flush=True)
        print_dialogues(options.split)


def _encoder(kind: EncoderKind) -> Encoder | None:
    try:
        return encoder_of({"LMOS_ENCODER": kind})
    except LmosError as error:
        print(f"\nSkipped: {error.message}")
        return None


def _measure(kind: EncoderKind, encoder: Encoder, split: str, wanted: set[str]) -> None:
    known = KnownTexts(encoder)
    print(f"\n### {kind}: {encoder.name}, {split}", flush=True)
    if {"groupings", "variants"} & wanted:
        _print_comparison(known, split, wanted)
    if "languages" in wanted:
        print_head("questions")
        print_languages(known)
    if "speed" in wanted:
        print_speed(encoder, split)
    if "big" in wanted:
        command = [sys.executable, "-m", "benchmarks.routing.big", "--encoder", kind]
        ended = subprocess.run(command, check=True, capture_output=True, text=True)
        print_measured("large installation", json.loads(ended.stdout))


def _print_comparison(encoder: KnownTexts, split: str, wanted: set[str]) -> None:
    """The router on every grouping, and on some of them the others; training times are without encoding."""
    python = peers_python() if "variants" in wanted else None
    print_head("CLINC150")
    for name, grouping in GROUPINGS.items():
        if "groupings" not in wanted and name not in COMPARED:
            continue
        roster, questions = grouped(grouping, split)
        _encode_all(roster, questions, encoder)
        print_evaluation(f"**{name}**", asyncio.run(evaluate(roster, questions, encoder, SystemClock())))
        if "variants" in wanted and name in COMPARED:
            for variant in VariantName:
                if variant is not VariantName.HEAD:
                    print_evaluation(
                        f"… {variant}", evaluate_variant(variant, roster, questions, encoder, SystemClock())
                    )
            if python:
                print_semantic_router(python, roster, questions, encoder)


def _encode_all(roster: Roster, questions: tuple[Question, ...], encoder: KnownTexts) -> None:
    """All that is needed, so that what is measured afterwards is not the encoder."""
    lesson_of(roster, encoder)
    encoder.encode([question.text for question in questions])


if __name__ == "__main__":
    main()
