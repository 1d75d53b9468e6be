"""
How well the router follows a Conversation from Turn to Turn, as rows of a table.

    python -m benchmarks.dialogues.run [--split test] [--misses]

Each language's dialogues are routed by a head trained on that language's examples. Every Turn but the first
of its dialogue is decided by itself: who answered before is known, as it is to the runtime. The rule is tuned
on the tuning split; `--split test` is for the figures that are written down. Numpy calculates on one thread.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lmos.apps.arithmetic import on_one_thread

with on_one_thread():
    from lmos.apps.encoders import EncoderKind, encoder_of
    from lmos.apps.manifests import read_manifests
    from lmos.core.resources import Agent
    from lmos.router import Roster
    from lmos.router.follow_up import reason_to_stay
    from lmos.router.questions import read_questions
    from lmos.router.training import train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lmos.ports.models import Encoder
    from lmos.router.questions import Question
    from lmos.router.vector import Judgement, VectorHead

FOLDER = Path(__file__).parent
AGENTS = {"en": FOLDER / "agents.yaml", "de": FOLDER / "agents.de.yaml"}
LAST_MESSAGES = 10
"""What the original's rephraser joins with the message, of both sides."""

_USER = "user"

Kind = Literal["goes on", "switches", "returns", "leaves"]
KINDS: tuple[Kind, ...] = ("goes on", "switches", "returns", "leaves")


@dataclass(frozen=True, slots=True)
class Said:
    """
    A Turn with all that was said before, oldest first.

    Attributes:
        kind: Of the Turn: the same Agent as before, one that was not asked yet, one from earlier, or none.
        agent: Who should answer; None where no Agent can.
        current: Who answered the Turn before.
    """

    kind: Kind
    text: str
    agent: str | None
    current: str
    before: tuple[str, ...]
    last_question: str
    last_reply: str


def main() -> None:
    """Measure, and print a row for each rule and language."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=("tuning", "test"), default="tuning")
    parser.add_argument("--misses", action="store_true", help="also print what the router's rule got wrong")
    options = parser.parse_args()
    encoder = encoder_of({"LMOS_ENCODER": EncoderKind.USE})
    print(f"| {options.split} | {' | '.join(f'{kind}: right / asked back' for kind in KINDS)} |")
    print("|---" * (len(KINDS) + 1) + "|")
    for language, manifests in AGENTS.items():
        roster = roster_of(manifests)
        turns = [*turns_of(FOLDER / f"dialogues.{language}.{options.split}.jsonl", roster)]
        router = Rules(roster, encoder)
        for name, rule in router.all.items():
            decided = [(said, rule(said)) for said in turns]
            print(f"| {language}, {name} | {' | '.join(_cells(decided))} |", flush=True)
        if options.misses:
            for said, agent in ((said, router.follow_up(said)) for said in turns):
                if agent != said.agent:
                    print(f"    {said.kind}: {said.text!r} for {said.agent}, sent to {agent}")


def roster_of(manifests: Path) -> Roster:
    """The Agents of a file."""
    found, _ = read_manifests([manifests])
    return Roster.of_agents("dialogues", [Agent.from_manifest(sourced.manifest) for sourced in found])


def turns_of(file: Path, roster: Roster) -> Iterator[Said]:
    """Every Turn but the first of each dialogue of a file."""
    with file.open("rb") as lines:
        for dialogue in read_questions(lines, roster, source=str(file)):
            yield from _turns(dialogue)


def _turns(dialogue: Question) -> Iterator[Said]:
    before: list[str] = []
    asked: list[str] = []
    question = reply = ""
    for said in dialogue.history:
        if said.role == _USER:
            if asked:
                kind = _kind(said.agent, asked)
                yield Said(kind, said.content, said.agent, asked[-1], tuple(before), question, reply)
            asked.append(said.agent)
            question, reply = said.content, ""
        else:
            reply = said.content
        before.append(said.content)
    kind = _kind(dialogue.agent, asked)
    yield Said(kind, dialogue.text, dialogue.agent, asked[-1], tuple(before), question, reply)


def _kind(agent: str | None, asked: list[str]) -> Kind:
    if agent is None:
        return "leaves"
    if agent == asked[-1]:
        return "goes on"
    return "returns" if agent in asked else "switches"


class Rules:
    """The router's rule for history beside simpler ones, by the same head; each names an Agent or none."""

    def __init__(self, roster: Roster, encoder: Encoder) -> None:
        head = train(roster, encoder)
        assert head is not None
        self._head: VectorHead = head
        self._roster = roster
        self._encoder = encoder
        self.all: dict[str, Callable[[Said], str | None]] = {
            "each message by itself": self.by_itself,
            "joined with the last question": self.with_last_question,
            "the last ten messages joined": self.with_last_messages,
            "the router's rule": self.follow_up,
            "the same without the Agent's reply": self.follow_up_without_reply,
        }

    def by_itself(self, said: Said) -> str | None:
        """History is not used."""
        return self._sure(self._judged(said.text))

    def with_last_question(self, said: Said) -> str | None:
        """The user's last message and this one as one text."""
        return self._sure(self._judged(f"{said.last_question} {said.text}"))

    def with_last_messages(self, said: Said) -> str | None:
        """What the original's rephraser makes: messages of both sides, a line each."""
        return self._sure(self._judged("\n".join([*said.before[-LAST_MESSAGES:], said.text])))

    def follow_up(self, said: Said) -> str | None:
        """The rule that is described in docs/explanation/routing.md."""
        return self._follow_up(said, said.last_reply)

    def follow_up_without_reply(self, said: Said) -> str | None:
        """The same where the last reply is not known."""
        return self._follow_up(said, "")

    def _follow_up(self, said: Said, last_reply: str) -> str | None:
        alone = self._judged(said.text)
        stays = reason_to_stay(
            said.text, alone, self._head.thresholds, current=said.current, last_reply=last_reply
        )
        return said.current if stays else self._sure(alone)

    def _judged(self, text: str) -> Judgement:
        return self._head.judge(text, self._encoder.encode([text])[0], self._roster.names)

    def _sure(self, judged: Judgement) -> str | None:
        wanted = self._head.thresholds
        is_sure = judged.familiarity >= wanted.familiarity and judged.probability >= wanted.confidence
        return judged.agent if is_sure else None


def _cells(decided: list[tuple[Said, str | None]]) -> Iterator[str]:
    for kind in KINDS:
        of_kind = [(said, agent) for said, agent in decided if said.kind == kind]
        counts = Counter(
            right=sum(agent == said.agent for said, agent in of_kind),
            asked_back=sum(agent is None for _, agent in of_kind),
        )
        yield f"{_percent(counts['right'], of_kind)} / {_percent(counts['asked_back'], of_kind)}"


def _percent(count: int, of: list[tuple[Said, str | None]]) -> str:
    return f"{100 * count / len(of):.0f}" if of else "-"


if __name__ == "__main__":
    main()
