"""Why a Conversation goes on elsewhere than it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

    from lmos.ports.store import ConversationState


def why_moved(state: ConversationState | None, subset: str, agents: Container[str]) -> str:
    """
    What is gone of where a Conversation stood; empty where all is there.

    Args:
        state: Where it stands; None at its first Turn.
        subset: The one that serves it now.
        agents: Those of the ChannelRouting.
    """
    if state is None:
        return ""
    if state.subset != subset:
        return f"Its Subset {state.subset!r} serves the Channel no longer; it goes on in {subset!r}."
    if state.agent and state.agent not in agents:
        return f"Its Agent {state.agent!r} serves the Channel no longer."
    return ""
