"""One Agent asked for one Turn: what it says on the way, and its answer."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from lmos.core.conversation import AgentResultType, assistant_message
from lmos.ports.agents import AgentFailed
from lmos.runtime.running import Delta, Remark

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable

    from lmos.core.conversation import AgentRequest, AgentResult
    from lmos.core.resources import Address
    from lmos.ports.agents import AgentClient
    from lmos.runtime.watch import Watch

SUBSET_HEADER = "x-subset"


class NoAnswer(AgentFailed):
    """The Agent ended, or reported an error, without a word for the user."""

    code: ClassVar[str] = "NoAnswer"

    def __init__(self, agent: str) -> None:
        super().__init__(
            f"Agent {agent} ended without an answer.", hint="Its own log says more; see lmos agents."
        )


async def answer_of(
    agent: str,
    address: Address,
    request: AgentRequest,
    agents: AgentClient,
    *,
    subset: str,
    watch: Watch,
    tell: Callable[[Delta | Remark], None],
) -> AgentResult:
    """
    The Agent's final result.

    The last result that could be final is. Earlier ones turn out to be remarks: Agents of before ARC
    0.200 do not say which result is final.

    Raises:
        AgentUnavailable, AgentFailed, AgentTimeout: As the port says, and `NoAnswer`.
    """
    with watch.ask(agent, address, request) as span:
        headers = {SUBSET_HEADER: subset, **span.headers}
        async with aclosing(agents.ask(address, request, headers=headers)) as results:
            final = await _final(results, watch, tell)
        if final is None or (not final.messages and final.handed_to is None):
            raise NoAnswer(agent)
        if watch.trace.is_recording and request.messages:
            span.said(watch.level.tell(request.messages[-1].content), watch.level.tell(final.text))
        return final


async def _final(
    results: AsyncIterable[AgentResult], watch: Watch, tell: Callable[[Delta | Remark], None]
) -> AgentResult | None:
    """The last result that could be final, while the others are told."""
    final: AgentResult | None = None
    async for result in results:
        watch.heard()
        if result.is_final:
            if final is not None:
                tell(Remark(assistant_message(final)))
            final = result
        elif result.is_piece:
            tell(Delta(result.text))
        elif result.type is AgentResultType.INTERMEDIATE_MESSAGE:
            tell(Remark(assistant_message(result)))
    return final
