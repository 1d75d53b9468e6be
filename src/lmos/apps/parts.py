"""The parts of a running LMOS: where they answer, and whether they do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2

from lmos.apps.instance import endpoints_of, runtime_url_of
from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

READY = "ready"

_ANSWER_SECONDS = 2.0
_LOOK_SECONDS = 0.1


async def parts_of(api: str, kubeconfig: Path | None, runtime: str) -> list[dict[str, str]]:
    """`[{name, url, state}]` of API server, operator and runtime; the API server has just answered."""
    return [
        {"name": "api", "url": api, "state": READY},
        await _part("operator", endpoints_of(kubeconfig).get("operator", "")),
        await _runtime(runtime, kubeconfig),
    ]


async def until_ready(urls: Iterable[str], looks: int) -> None:
    """Return once the parts behind `urls` say that they are ready, or after so many looks, ten a second."""
    waiting = list(urls)
    for _ in range(looks):
        waiting = [url for url in waiting if await _state(url) != READY]
        if not waiting:
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _runtime(runtime: str, kubeconfig: Path | None) -> dict[str, str]:
    try:
        return await _part("runtime", runtime_url_of(runtime, kubeconfig))
    except LmosError:
        return await _part("runtime", "")


async def _part(name: str, url: str) -> dict[str, str]:
    return {"name": name, "url": url, "state": await _state(url) if url else "its address is not known"}


async def _state(url: str) -> str:
    """What the part says of its own readiness."""
    try:
        async with httpx2.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False) as client:
            response = await client.get(f"{url}/health/readiness")
        said = response.json()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return f"does not answer ({type(error).__name__})"
    except ValueError:
        return "something else answers there"
    waiting, learning = (", ".join(said.get(key, ())) for key in ("waitingFor", "learning"))
    if not response.is_success:
        return f"waits for {waiting}" if waiting else "answers, not ready"
    return f"learning {learning}" if learning else READY
