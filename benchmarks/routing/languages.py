"""Questions and dialogues in German and English, of `benchmarks/dialogues`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.dialogues.run import AGENTS, FOLDER, roster_of
from benchmarks.routing.tables import print_evaluation
from lmos.adapters.system import SystemClock
from lmos.router.evaluation import evaluate
from lmos.router.questions import read_questions
from lmos.router.training import lesson_of

if TYPE_CHECKING:
    from benchmarks.routing.known import KnownTexts

_DIALOGUES = {"val": "tuning", "test": "test"}
_PAIRS = {
    "German questions on German examples": ("de", "de"),
    "German questions on English examples": ("de", "en"),
    "English questions on English examples": ("en", "en"),
}


def print_languages(encoder: KnownTexts) -> None:
    """A row for each pair of languages."""
    for name, (asked, learned) in _PAIRS.items():
        roster = roster_of(AGENTS[learned])
        file = FOLDER / f"questions.{asked}.jsonl"
        with file.open("rb") as lines:
            questions = read_questions(lines, roster, source=str(file))
        lesson_of(roster, encoder)
        encoder.encode([question.text for question in questions])
        print_evaluation(name, asyncio.run(evaluate(roster, questions, encoder, SystemClock())))


def print_dialogues(split: str) -> None:
    """The tables of `benchmarks.dialogues.run`."""
    command = [sys.executable, "-m", "benchmarks.dialogues.run", "--split", _DIALOGUES[split]]
    subprocess.run(command, check=True)
