"""What `lmos top` looks at: the figures of a running runtime over the last half minute."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar

import httpx2

from lmos.apps.instance import endpoints_of, runtime_url_of
from lmos.apps.rates import Reading, figures
from lmos.core.errors import TemporaryError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

WINDOW_SECONDS = 30.0
"""Of how long rates and percentiles tell, once it has been looked at for that long."""

_ANSWER_SECONDS = 5.0


class NoMetrics(TemporaryError):
    """Nobody tells what the runtime counts."""

    code: ClassVar[str] = "NoMetrics"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"{url}/metrics cannot be read: {why}.",
            hint="See whether it runs: lmos status. With --management-port, name that port: --runtime URL",
        )


def metrics_url_of(runtime: str, kubeconfig: Path | None) -> str:
    """
    Where metrics are told: at the URL that is named, else at the management port, else at the runtime's.

    Raises:
        NoRuntime: Nothing says where.
    """
    management = "" if runtime else endpoints_of(kubeconfig).get("management", "")
    return management or runtime_url_of(runtime, kubeconfig)


async def totals(url: str) -> list[dict[str, Any]]:
    """
    The figures since the runtime began, without rates.

    Raises:
        NoMetrics: It does not tell.
    """
    async with Meter(url) as meter:
        return figures(await meter.read(), None)


class Meter:
    """Reads again and again what is counted at `url`; close it by leaving its block."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx2.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False)
        self._readings: deque[Reading] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def look(self) -> dict[str, Any]:
        """
        `{seconds, channels: figures}` of the last WINDOW_SECONDS, or since the first look; None at that.

        Raises:
            NoMetrics: It does not tell.
        """
        now = await self.read()
        self._readings.append(now)
        while len(self._readings) > 1 and now.at - self._readings[1].at >= WINDOW_SECONDS:
            self._readings.popleft()
        seconds = now.at - self._readings[0].at
        return {
            "seconds": seconds or None,
            "channels": figures(now.since(self._readings[0]), seconds or None),
        }

    async def read(self) -> Reading:
        """All that is counted now. Raises `NoMetrics`."""
        try:
            response = await self._http.get(f"{self._url}/metrics")
            response.raise_for_status()
            return Reading.parse(response.text, time.monotonic())
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError) as error:
            raise NoMetrics(self._url, str(error) or type(error).__name__) from error
