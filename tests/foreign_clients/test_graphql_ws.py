"""The npm packages `graphql-ws` and `graphql`, unmodified, against the runtime."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtime.doors import served
from tests.runtime.rig import BILLS, FAULTS, agent, routing, running

if TYPE_CHECKING:
    from typing import Any

CLIENT = Path(__file__).with_name("graphql_ws_client.cjs")
NODE = shutil.which("node")
MODULES = Path(sys.prefix) / "node" / "node_modules"

pytestmark = pytest.mark.skipif(
    NODE is None or not (MODULES / "graphql-ws").is_dir(),
    reason="needs node and npm when `make setup` runs",
)


async def told_by_the_client(url: str) -> Any:
    assert NODE is not None
    environment = {"NODE_PATH": str(MODULES), "PATH": os.environ["PATH"]}
    process = await asyncio.create_subprocess_exec(
        NODE, str(CLIENT), url, env=environment, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    return json.loads(told)


async def test_subscriptions_share_a_socket_and_their_documents_fit_the_schema() -> None:
    async with running() as rig, served(rig) as url:
        rig.agents.answers("billing", "42 euros")
        rig.agents.answers("network", "All is well")
        await rig.serve(
            agent("billing", "billing", "1.0.0", *BILLS),
            agent("network", "network", "1.0.0", *FAULTS),
            routing("billing", "network"),
        )

        told = await told_by_the_client(url)

    for name, answer in (("bill", "42 euros"), ("outage", "All is well")):
        assert told[name] == {
            "results": [{"__typename": "AgentResult", "responseTime": 0.0, "messages": [{"content": answer}]}]
        }
    assert told["refused"]["errors"][0]["extensions"]["code"] == "NoRoutingInfo"
    assert (told["sockets"], told["same"], told["violations"]) == (1, True, [])
