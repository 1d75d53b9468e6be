"""Waiting for what other processes and tasks bring about."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Answer = TypeVar("Answer")

_LOOK_SECONDS = 0.02


@overload
async def eventually(
    condition: Callable[[], Awaitable[Answer]], *, within_seconds: float = ...
) -> Answer: ...


@overload
async def eventually(condition: Callable[[], Answer], *, within_seconds: float = ...) -> Answer: ...


async def eventually(condition: Callable[[], object], *, within_seconds: float = 10.0) -> object:
    """
    Ask until the answer is truthy, and return it.

    Raises:
        TimeoutError: It was not within `within_seconds`.
    """
    async with asyncio.timeout(within_seconds):
        while True:
            asked = condition()
            answer = await asked if inspect.isawaitable(asked) else asked
            if answer:
                return answer
            await asyncio.sleep(_LOOK_SECONDS)
