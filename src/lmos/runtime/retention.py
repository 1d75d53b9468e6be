"""Conversations that are forgotten: the idle ones in time, and all those of a Tenant that leaves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import structlog

from lmos.core.errors import Conflict
from lmos.ports.store import StoreUnavailable

if TYPE_CHECKING:
    from lmos.core.conversation import Retention
    from lmos.ports.clock import Clock
    from lmos.ports.store import ConversationStore
    from lmos.runtime.conversation import Turns

log = structlog.get_logger()

SWEEP_SECONDS = 600.0
"""From the end of one look at all Conversations to the beginning of the next."""

REST_SECONDS = 0.01
"""Between two steps, for Turns: at most a tenth of the time or so goes to forgetting."""

_LATEST = datetime.max.replace(tzinfo=UTC)


class TenantBusy(Conflict):
    """Turns of the Tenant are under way, so not all of its Conversations can be removed."""

    code: ClassVar[str] = "TenantBusy"

    def __init__(self, tenant: str, left: int) -> None:
        super().__init__(
            f"Tenant {tenant[:80]!r} has Turns under way in {left} Conversations; all others are gone.",
            hint="Keep its users out, then send the request again.",
        )


class Removed(NamedTuple):
    """How many Conversations are gone, and how many were left because a Turn of theirs is under way."""

    gone: int
    busy: int


async def keep_forgetting(retention: Retention, store: ConversationStore, turns: Turns, clock: Clock) -> None:
    """Remove what is past its age, now and again and again, until cancelled."""
    while retention.is_limited:
        try:
            await forget_idle(retention, store, turns, clock.now())
        except StoreUnavailable as error:
            log.warning("conversations_not_forgotten", error=error.message)
        await asyncio.sleep(SWEEP_SECONDS)


async def forget_idle(retention: Retention, store: ConversationStore, turns: Turns, now: datetime) -> None:
    """
    Remove the Conversations whose last Turn is past their Tenant's age, unless a Turn is under way.

    Raises:
        StoreUnavailable: They can be neither read nor written.
    """
    tenant = await store.next_tenant("")
    while tenant is not None:
        age = retention.of(tenant)
        if age is not None:
            removed = await _forget(tenant, now - age, store, turns)
            if removed.gone:
                log.info("conversations_forgotten", tenant=tenant, conversations=removed.gone)
        tenant = await store.next_tenant(tenant)


async def forget_tenant(tenant: str, store: ConversationStore, turns: Turns) -> None:
    """
    Remove all Conversations of a Tenant.

    Raises:
        TenantBusy: Turns were under way in some, which are left.
        StoreUnavailable: They can be neither read nor written.
    """
    removed = await _forget(tenant, _LATEST, store, turns)
    log.info("tenant_forgotten", tenant=tenant, conversations=removed.gone, left=removed.busy)
    if removed.busy:
        raise TenantBusy(tenant, removed.busy)


async def _forget(tenant: str, before: datetime, store: ConversationStore, turns: Turns) -> Removed:
    gone, busy, after = 0, 0, ""
    while True:
        step = await store.forget_idle(
            tenant, before, after, lambda conversation: turns.has_under_way(tenant, conversation)
        )
        gone, busy = gone + step.gone, busy + step.busy
        if step.after is None:
            return Removed(gone, busy)
        after = step.after
        await asyncio.sleep(REST_SECONDS)
