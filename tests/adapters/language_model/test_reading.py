"""How much of a talk a model is given to read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lmos.adapters.language_model.pause import FAILURES_TO_PAUSE, NO_PAUSE, PAUSE_SECONDS
from lmos.adapters.language_model.reading import MOST_MESSAGES, within
from lmos.core.conversation import Message

talks = st.lists(
    st.builds(Message, role=st.sampled_from(["user", "assistant"]), content=st.text(max_size=200)),
    max_size=40,
)


@given(talks, st.integers(500, 3000))
def test_what_is_read_is_the_end_of_what_was_said_and_no_longer_than_allowed(
    talk: list[Message], most: int
) -> None:
    kept = within(talk, most)

    assert len(kept) <= MOST_MESSAGES
    assert sum(len(message.content) for message in kept) <= most
    assert list(kept) == talk[len(talk) - len(kept) :]


def test_a_huge_message_is_shortened_and_not_left_out() -> None:
    (kept,) = within([Message(role="user", content="x" * 10_000)], 1000)

    assert kept.content == "x" * 1000


def test_instructions_are_never_left_out() -> None:
    talk = [Message(role="user", content="hello"), Message(role="system", content="x" * 5000)]

    assert within(talk, 100) == tuple(talk)


def test_after_a_pause_one_turn_tries_alone() -> None:
    pause = NO_PAUSE
    for _ in range(FAILURES_TO_PAUSE):
        assert pause.admits(1.0)
        pause = pause.asking(1.0).failed(1.0)

    assert not pause.admits(1.0)
    later = 1.0 + PAUSE_SECONDS
    assert pause.admits(later)
    assert not pause.asking(later).admits(later)
