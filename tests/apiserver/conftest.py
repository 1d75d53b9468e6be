from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.apiserver import Server, Storage, app
from lmos.testing.clock import CountingIds, FrozenClock
from tests.apiserver.builders import DEFINITIONS, created, definition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

TOKEN = "secret"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def storage() -> Iterator[Storage]:
    storage = Storage(":memory:")
    yield storage
    storage.close()


@pytest.fixture
def server(storage: Storage, clock: FrozenClock) -> Server:
    return Server(storage, clock, CountingIds())


@pytest.fixture
async def stranger(server: Server) -> AsyncIterator[httpx2.AsyncClient]:
    """A client without the token."""
    transport = AsgiTransport(app(server, token=TOKEN))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.fixture
async def api(stranger: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """A client of a server that serves widgets."""
    stranger.headers["authorization"] = f"Bearer {TOKEN}"
    stranger.headers["user-agent"] = "tests/1.0"
    await created(stranger, DEFINITIONS, definition())
    return stranger
