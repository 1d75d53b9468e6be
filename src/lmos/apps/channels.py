"""Which Channel a command means when it names none, or only half of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import InvalidInput
from lmos.core.resources.kinds import CHANNEL
from lmos.core.resources.labels import CHANNEL as CHANNEL_LABEL
from lmos.core.resources.labels import TENANT

if TYPE_CHECKING:
    from lmos.ports.cluster import Cluster


class WhichChannel(InvalidInput):
    """Several Channels come into question, or none."""

    code: ClassVar[str] = "WhichChannel"


async def the_channel(cluster: Cluster, tenant: str, channel: str) -> tuple[str, str]:
    """
    Tenant and channel of the only Channel that fits what was named.

    Raises:
        WhichChannel: None fits, or more than one.
    """
    listing = await cluster.list(CHANNEL)
    labels = [item["metadata"].get("labels", {}) for item in listing.items]
    doors = {(each.get(TENANT, ""), each.get(CHANNEL_LABEL, "")) for each in labels}
    fitting = sorted(door for door in doors if tenant in {"", door[0]} and channel in {"", door[1]})
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(f"-t {door[0]} -c {door[1]}" for door in sorted(doors)) or "none yet"
    wanted = " ".join(part for part in (tenant and f"-t {tenant}", channel and f"-c {channel}") if part)
    raise WhichChannel(
        f"{'No' if not fitting else 'More than one'} Channel fits {wanted or 'this question'}.",
        hint=f"Channels here: {known}.",
    )
