"""Embeddings of a server that answers from a script."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from lmos.adapters.openai_encoder import PAUSE_SECONDS, OpenAiEncoder
from lmos.ports.models import EncoderUnavailable, RemoteEncoder
from lmos.router.batching import BatchingEncoder
from lmos.testing.clock import FrozenClock
from tests.adapters.language_model.scripted_server import HANG, ScriptedServer, scripted_server

SECRET = "sk-secret"


def embeddings(*rows: list[float]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    # Servers need not keep the order.
    return {"object": "list", "data": data[::-1], "model": "small", "usage": {"total_tokens": 3}}


def encoder_at(server: ScriptedServer, clock: FrozenClock | None = None) -> OpenAiEncoder:
    return OpenAiEncoder(server.url, "small", SECRET, clock or FrozenClock(), timeout_seconds=0.5)


async def test_embeddings_come_in_the_order_of_texts_and_of_length_one() -> None:
    async with scripted_server(embeddings([3.0, 4.0], [0.0, 2.0])) as server:
        found = await asyncio.to_thread(encoder_at(server).encode, ["bill", ""])

    np.testing.assert_allclose(found, np.array([[0.6, 0.8], [0, 1]]), rtol=1e-6)
    assert server.asked == [{"model": "small", "input": ["bill", "-"], "encoding_format": "float"}]
    assert server.headers[0]["authorization"] == f"bearer {SECRET}"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((500, "broken"), "status 500"),
        ((401, "no"), "status 401"),
        ("no JSON", "something else than embeddings"),
        ({"data": [{"index": 0}]}, "something else than embeddings"),
        (embeddings([1.0], [1.0]), "other embeddings than were asked for"),
        (embeddings(), "other embeddings than were asked for"),
        (HANG, "cannot be reached: ReadTimeout"),
        (b"garbage", "cannot be reached"),
    ],
)
async def test_a_server_that_fails_is_told_without_words_or_keys(answer: Any, problem: str) -> None:
    async with scripted_server(answer) as server:
        with pytest.raises(EncoderUnavailable, match=problem) as caught:
            await asyncio.to_thread(encoder_at(server).encode, ["my secret words"])

    assert "secret" not in str(caught.value)


async def test_a_server_that_failed_is_left_alone_for_a_while() -> None:
    clock = FrozenClock()
    async with scripted_server((503, "busy"), embeddings([1.0])) as server:
        encoder = encoder_at(server, clock)
        for _ in range(2):
            with pytest.raises(EncoderUnavailable):
                await asyncio.to_thread(encoder.encode, ["bill"])
        assert len(server.asked) == 1
        clock.advance(PAUSE_SECONDS)
        found = await asyncio.to_thread(encoder.encode, ["bill"])

    assert found.tolist() == [[1.0]]


async def test_the_event_loop_does_not_wait_for_it() -> None:
    async with scripted_server(embeddings([1.0, 0.0])) as server:
        encoder = encoder_at(server)
        assert isinstance(encoder, RemoteEncoder)
        # The server answers on this loop: it could not while the loop waited.
        found = await BatchingEncoder(encoder).encode("bill")

    assert found.tolist() == [1.0, 0.0]
