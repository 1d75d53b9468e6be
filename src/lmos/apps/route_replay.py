"""Routing the Turns of before again: by Agents as they are in files, or on the API server."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lmos.adapters.sqlite import SqlitePastTurns
from lmos.adapters.system import SystemClock
from lmos.apps.conversations import CONVERSATIONS, record_text
from lmos.apps.encoders import CACHE, cache_in, encoder_of
from lmos.apps.instance import kubeconfig_of
from lmos.apps.past_rosters import published_rosters, rosters_in
from lmos.apps.settings import DATA_FOLDER
from lmos.core.errors import InvalidInput
from lmos.router import Router
from lmos.router.replay import replay
from lmos.runtime.conversation import REMEMBERED_TURNS

if TYPE_CHECKING:
    from lmos.router.replay import Replay

ROUTING = "routing"
"""Said instead of a folder: the ChannelRoutings that the API server has."""

_AGO = re.compile(r"([1-9][0-9]{0,3})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class UnknownMoment(InvalidInput):
    """What shall say since when cannot be read."""

    code: ClassVar[str] = "UnknownMoment"

    def __init__(self, said: str) -> None:
        super().__init__(
            f"{said[:40]!r} is no moment.",
            hint="Write an age as 30m, 12h, 7d or 2w, or a date or time in UTC as 2026-11-01 or"
            " 2026-11-01T08:00.",
        )


def replay_turns(
    kubeconfig: Path | None,
    data: Path | None,
    *,
    since: str,
    against: str,
    tenant: str,
    channel: str,
    limit: int,
) -> Replay:
    """
    What would become now of the Turns that a runtime has kept; it may be running.

    Args:
        kubeconfig: Beside it are the Conversations of `lmos up`, unless `data` names a folder.
        data: Folder with Conversations.
        since: An age such as `7d`, or a date or time, in UTC where it says nothing else.
        against: ROUTING, or a folder with Agents.
        tenant: Whose Turns; of all Tenants where it is empty.
        channel: Through which Channel; through any where it is empty.
        limit: At most so many, the newest.

    Raises:
        UnknownMoment: `since` cannot be read.
        InvalidRecordText: What may be used of what was said cannot be read.
        StoreUnavailable: There are no Conversations, or they cannot be read.
        UnreadableManifest, BrokenAgentFile, NothingToRoute: `against` cannot be used.
        ClusterUnavailable: The API server cannot be reached.
    """
    moment = moment_of(since, SystemClock().now())
    config = kubeconfig_of(kubeconfig)
    folder = data or (config.parent if config else Path(DATA_FOLDER))
    turns = SqlitePastTurns(folder / CONVERSATIONS, REMEMBERED_TURNS).since(
        moment, tenant=tenant, channel=channel, limit=limit
    )
    rosters = None if against == ROUTING else rosters_in([Path(against)])
    told = record_text()
    cache = cache_in(folder) if (folder / CACHE).is_file() else None

    async def run() -> Replay:
        router = Router(await asyncio.to_thread(encoder_of, os.environ), SystemClock(), cache)
        try:
            if rosters is not None:
                return await replay(turns, router, rosters, told)
            async with published_rosters(kubeconfig) as published:
                return await replay(turns, router, published, told)
        finally:
            await router.aclose()

    # What is noted of training and of ChannelRoutings is not part of the answer.
    with redirect_stdout(sys.stderr):
        return asyncio.run(run())


def moment_of(said: str, now: datetime) -> datetime:
    """
    The moment that an age before `now`, a date or a time names, aware.

    Raises:
        UnknownMoment: It is none of these.
    """
    if ago := _AGO.fullmatch(said):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise UnknownMoment(said) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
