"""Conversations that are forgotten: the idle ones in time, and all those of a Tenant that leaves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from lmos.ports.store import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.core.conversation import Retention
    from lmos.ports.clock import Clock
    from lmos.ports.store import ConversationStore

log = structlog.get_logger()

SWEEP_SECONDS = 600.0
"""From the end of one look at all Conversations to the beginning of the next."""

REST_SECONDS = 0.01
"""Between two steps, for Turns: at most a tenth of the time or so goes to forgetting."""

_LATEST = datetime.max.replace(tzinfo=UTC)


class Owner(Protocol):
    """Whoever runs Turns: which Conversations are its own, and which of them have one under way."""

    owns: Callable[[str, str], bool]

    def has_under_way(self, tenant: str, conversation: str) -> bool:
        """Whether any Turn of a Conversation has not ended."""
        ...


class Removed(NamedTuple):
    """How many Conversations are gone, and how many were left because a Turn of theirs is under way."""

    gone: int
    busy: int


async def keep_forgetting(retention: Retention, store: ConversationStore, owner: Owner, clock: Clock) -> None:
    """Remove what is past its age, now and again and again, until cancelled."""
    while retention.is_limited:
        try:
            await forget_idle(retention, store, owner, clock.now())
        except StoreUnavailable as error:
            log.warning("conversations_not_forgotten", error=error.message)
        await asyncio.sleep(SWEEP_SECONDS)


async def forget_idle(retention: Retention, store: ConversationStore, owner: Owner, now: datetime) -> None:
    """
    Remove the Conversations whose last Turn is past their Tenant's age, unless a Turn is under way.

    Raises:
        StoreUnavailable: They can be neither read nor written.
    """
    tenant = await store.next_tenant("")
    while tenant is not None:
        age = retention.of(tenant)
        if age is not None:
            removed = await _forget(tenant, now - age, store, owner)
            if removed.gone:
                log.info("conversations_forgotten", tenant=tenant, conversations=removed.gone)
        tenant = await store.next_tenant(tenant)


async def forget_all(tenant: str, store: ConversationStore, owner: Owner) -> int:
    """
    Remove all Conversations of a Tenant that are ours.

    Returns:
        How many were left because a Turn of theirs is under way.

    Raises:
        StoreUnavailable: They can be neither read nor written.
    """
    removed = await _forget(tenant, _LATEST, store, owner)
    log.info("tenant_forgotten", tenant=tenant, conversations=removed.gone, left=removed.busy)
    return removed.busy


async def _forget(tenant: str, before: datetime, store: ConversationStore, owner: Owner) -> Removed:
    busy = set[str]()

    def is_spared(conversation: str) -> bool:
        if owner.has_under_way(tenant, conversation):
            busy.add(conversation)
        return conversation in busy or not owner.owns(tenant, conversation)

    gone, after = 0, ""
    while True:
        step = await store.forget_idle(tenant, before, after, is_spared)
        gone += step.gone
        if step.after is None:
            return Removed(gone, len(busy))
        after = step.after
        await asyncio.sleep(REST_SECONDS)
