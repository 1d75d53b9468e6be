from __future__ import annotations

from lmos.arc.memory import Memory


def test_a_conversation_is_remembered() -> None:
    memory = Memory()
    memory.of("acme", "c1")["month"] = 5

    assert memory.of("acme", "c1") == {"month": 5}


def test_the_conversation_that_was_silent_for_longest_is_forgotten_first() -> None:
    memory = Memory(max_conversations=2)
    for conversation in ("c1", "c2", "c1", "c3"):
        memory.of("acme", conversation)[conversation] = True

    assert len(memory) == 2
    assert memory.of("acme", "c1") == {"c1": True}
    assert memory.of("acme", "c2") == {}
