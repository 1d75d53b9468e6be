"""The router that the environment asks for."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lmos.adapters.system import SystemClock
from lmos.apps.encoders import encoder_of
from lmos.apps.models import router_models_of
from lmos.router import Router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lmos.ports.cache import Cache


@asynccontextmanager
async def configured_router(cache: Cache | None, hash_key: bytes = b"") -> AsyncIterator[Router]:
    """
    A router with the encoder and the language models that the environment names.

    Args:
        cache: Keeps what it learns.
        hash_key: Of the hashes of messages.

    Raises:
        InvalidInput: A variable cannot be used.
    """
    encoder = await asyncio.to_thread(encoder_of, os.environ)
    models = await asyncio.to_thread(router_models_of, os.environ)
    router = Router(encoder, SystemClock(), cache, models.stages, models.disambiguation, hash_key=hash_key)
    try:
        yield router
    finally:
        await router.aclose()
        await models.aclose()
