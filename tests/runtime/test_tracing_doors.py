"""The OpenAI-shaped and the GraphQL door hand their callers' traces on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runtime.test_graphql import asked
from tests.runtime.test_tracing import CALLER, TRACE_ID, ended

if TYPE_CHECKING:
    from tests.runtime.rig import Rig


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_openai_shaped_door_hands_its_callers_trace_on(rig: Rig, streamed: bool) -> None:
    content = {
        "model": "acme/web/billing",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": streamed,
    }
    await rig.http.post("/v1/chat/completions", json=content, headers=CALLER)

    assert (await ended(rig)).trace_id == TRACE_ID


async def test_a_subscription_hands_its_own_trace_on(rig: Rig) -> None:
    await asked(rig, extensions=CALLER)

    assert (await ended(rig)).trace_id == TRACE_ID
