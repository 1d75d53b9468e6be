"""Probes: whether a process answers on its port, judged as Kubernetes does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.localnode.configuration import LOOPBACK, UnrunnablePod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.core.resources.kinds import Manifest

_FIRST_GOOD, _FIRST_BAD = 200, 400
_EAGER_SECONDS = 0.1
_NUMBERS = {
    "initialDelaySeconds": "initial_delay_seconds",
    "periodSeconds": "period_seconds",
    "timeoutSeconds": "timeout_seconds",
    "successThreshold": "success_threshold",
    "failureThreshold": "failure_threshold",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """
    How to look at a process, with the defaults of Kubernetes.

    Attributes:
        path: HTTP path that must answer 200 to 399; empty for a plain TCP connection.
        is_eager: Look ten times a second until the first success, whatever the period: it costs little
            here, and a Pod is ready the sooner.
    """

    path: str = ""
    initial_delay_seconds: float = 0.0
    period_seconds: float = 10.0
    timeout_seconds: float = 1.0
    success_threshold: int = 1
    failure_threshold: int = 3
    is_eager: bool = False


def probe_of(container: Manifest, name: str, *, is_eager: bool = False) -> Probe | None:
    """
    Read `readinessProbe`, `livenessProbe` or `startupProbe`; None where there is none.

    Every probe goes to the one port that the process was given, whatever port it names.

    Raises:
        UnrunnablePod: It is neither HTTP nor TCP.
    """
    said = container.get(name)
    if not said:
        return None
    http = said.get("httpGet")
    if (http is None and "tcpSocket" not in said) or (http or {}).get("scheme", "HTTP") != "HTTP":
        raise UnrunnablePod(
            f"Its {name} is neither HTTP nor TCP.",
            hint="One machine knows httpGet (without TLS) and tcpSocket.",
        )
    numbers = {ours: said[theirs] for theirs, ours in _NUMBERS.items() if theirs in said}
    if is_eager:
        numbers["initial_delay_seconds"] = 0
    path = "" if http is None else "/" + str(http.get("path", "")).removeprefix("/")
    return Probe(path=path, is_eager=is_eager, **numbers)


async def verdicts(probe: Probe, port: int) -> AsyncIterator[bool]:
    """Look again and again; tell the first verdict and every change of it, by the probe's thresholds."""
    await asyncio.sleep(probe.initial_delay_seconds)
    told: bool | None = None
    latest, in_a_row = False, 0
    while True:
        seen = await answers(probe, port)
        in_a_row = in_a_row + 1 if seen == latest else 1
        latest = seen
        if seen != told and in_a_row >= (probe.success_threshold if seen else probe.failure_threshold):
            told = seen
            yield seen
        is_waiting = probe.is_eager and told is not True
        await asyncio.sleep(min(_EAGER_SECONDS, probe.period_seconds) if is_waiting else probe.period_seconds)


async def failure(probe: Probe, port: int) -> None:
    """Return once the verdict is that it does not answer."""
    async for is_answering in verdicts(probe, port):
        if not is_answering:
            return


async def answers(probe: Probe, port: int) -> bool:
    """Whether one look succeeds in time."""
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                if not probe.path:
                    return True
                request = f"GET {probe.path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                status_line = await reader.readline()
                return _FIRST_GOOD <= int(status_line.split()[1]) < _FIRST_BAD
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, IndexError):
        return False
