"""Probes: whether a process answers, judged as Kubernetes does."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lmos.localnode.configuration import UnrunnablePod
from lmos.localnode.probes import Probe, answers, failure, probe_of, verdicts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HTTP = {"httpGet": {"path": "health", "port": 8080}}


@asynccontextmanager
async def server(*statuses: int) -> AsyncIterator[int]:
    """The port of a server that answers with these statuses in turn, the last one for ever."""
    left = list(statuses)
    answering: list[asyncio.Task[None]] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(asyncio.create_task(answer(reader, writer)))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline():
            status = left.pop(0) if len(left) > 1 else left[0]
            writer.write(f"HTTP/1.1 {status} OK\r\n\r\n".encode() if status else b"garbage\r\n")
        writer.close()
        await writer.wait_closed()

    running = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with running:
        yield running.sockets[0].getsockname()[1]
        await asyncio.gather(*answering, return_exceptions=True)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"tcpSocket": {"port": 8080}}, Probe()),
        ({**HTTP, "periodSeconds": 3, "failureThreshold": 1}, Probe("/health", 0, 3, 1, 1, 1)),
        (
            {**HTTP, "initialDelaySeconds": 5, "timeoutSeconds": 2, "successThreshold": 4},
            Probe("/health", initial_delay_seconds=5, timeout_seconds=2, success_threshold=4),
        ),
    ],
)
def test_a_probe_is_read_with_the_defaults_of_kubernetes(said: dict[str, Any], read: Probe) -> None:
    assert probe_of({"livenessProbe": said}, "livenessProbe") == read


def test_an_eager_probe_does_not_wait() -> None:
    probe = probe_of({"p": {**HTTP, "initialDelaySeconds": 30}}, "p", is_eager=True)

    assert probe == Probe("/health", is_eager=True)
    assert probe_of({}, "p") is None


@pytest.mark.parametrize(
    "said",
    [{"exec": {"command": ["true"]}}, {"grpc": {"port": 1}}, {"httpGet": {"port": 1, "scheme": "HTTPS"}}],
)
def test_what_is_neither_http_nor_tcp_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(UnrunnablePod, match="neither HTTP nor TCP"):
        probe_of({"livenessProbe": said}, "livenessProbe")


@pytest.mark.parametrize(
    ("status", "is_good"), [(200, True), (302, True), (404, False), (503, False), (0, False)]
)
async def test_http_answers_from_200_to_399_count(status: int, is_good: bool) -> None:
    async with server(status) as port:
        assert await answers(Probe("/"), port) is is_good
        assert await answers(Probe(), port)
    assert not await answers(Probe(), port)


async def test_whoever_takes_too_long_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not await answers(Probe("/", timeout_seconds=0.05), silent.getsockname()[1])


async def test_a_verdict_changes_after_so_many_looks_in_a_row() -> None:
    probe = Probe("/", period_seconds=0.001, success_threshold=2, failure_threshold=3)
    async with server(200, 200, 503, 200, 503, 503, 503, 200, 200) as port:
        judging = verdicts(probe, port)
        seen = [await anext(judging) for _ in range(3)]

    assert seen == [True, False, True]


async def test_a_failure_is_a_verdict_and_not_one_look() -> None:
    probe = Probe("/", period_seconds=0.001, failure_threshold=2)
    async with server(200, 503, 200, 503, 503) as port:
        await asyncio.wait_for(failure(probe, port), 5)
