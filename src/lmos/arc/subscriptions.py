"""What an Agent's process answers to a subscription."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from lmos.arc.answering import answer
from lmos.arc.trace import caller_of, go_on_with
from lmos.core.protocols.agent_api import next_payload, subscription_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.datastructures import Headers

    from lmos.arc.ensemble import Ensemble
    from lmos.arc.sockets import Answers


def answers_of(ensemble: Ensemble) -> Answers:
    """Subscriptions answered by the Agents of `ensemble`."""

    async def answers(payload: dict[str, Any], headers: Headers) -> AsyncGenerator[dict[str, Any], None]:
        asked = subscription_in(payload)
        agent = ensemble.agent_for(asked.agent_name, asked.request)
        # A socket carries many Turns: what a Turn says of itself is nearer than what its socket did.
        caller = caller_of(asked.trace, headers)
        if caller:
            go_on_with(caller)
        trace = caller.headers if caller else None
        async with contextlib.aclosing(answer(agent, asked.request, trace=trace)) as results:
            async for result in results:
                yield next_payload(result, asked.selected)

    return answers
