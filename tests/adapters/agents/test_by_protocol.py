"""Each Agent is asked in the protocol that it speaks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lmos.core.resources.endpoint import A2A_JSONRPC, Address
from lmos.ports.agents import ProtocolNotInstalled, ProtocolUnknown
from tests.adapters.agents.a2a_agents import acting, asking
from tests.adapters.agents.wayward import answer, request, wayward

if TYPE_CHECKING:
    from lmos.adapters.agents import ProtocolAgentClient


async def text_of(client: ProtocolAgentClient, address: Address) -> str:
    return [result async for result in client.ask(address, request())][-1].text


async def test_agents_of_different_protocols_are_asked_side_by_side() -> None:
    async with acting() as actor, wayward(answer) as peer, asking() as client:
        heard = [await text_of(client, address) for address in (actor.address(A2A_JSONRPC), peer.address)]

    assert heard == ["hi", "hello"]


async def test_an_unknown_protocol_is_named_and_nobody_dialled() -> None:
    async with asking() as client:
        with pytest.raises(ProtocolUnknown, match=r"billing:8080 speaks 'a2a\+grpc'") as caught:
            await text_of(client, Address("billing", protocol="a2a+grpc"))

    assert "a2a+jsonrpc" in caught.value.hint


async def test_without_the_packages_of_a2a_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("lmos.adapters.agents.a2a")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "a2a.types", None)
    async with asking() as client:
        with pytest.raises(ProtocolNotInstalled) as caught:
            await text_of(client, Address("billing", protocol=A2A_JSONRPC))

    assert caught.value.hint == 'pip install "lmos[a2a]"'


def test_where_no_agent_speaks_a2a_its_packages_are_not_loaded() -> None:
    code = "import sys, lmos.adapters.agents, lmos.apps.runtime; sys.exit('a2a' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
