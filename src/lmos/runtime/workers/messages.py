"""What workers say to each other. Numbers are the asker's, and tell what an answer belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lmos.core.errors import LmosError
    from lmos.ports.store import TurnRecord
    from lmos.runtime.asked import Asked
    from lmos.runtime.metrics import Counted
    from lmos.runtime.running import TurnEvent


class Take(NamedTuple):
    """Take a Turn of one of your Conversations, and tell what happens in it, or only how it ends."""

    number: int
    asked: Asked
    only_end: bool


class Join(NamedTuple):
    """Tell what happens in a Turn that is under way: of this Tenant, Conversation and id."""

    number: int
    of: tuple[str, str, str]


class Leave(NamedTuple):
    """Nobody on this side has listened to that Turn for so long that it may be stopped."""

    number: int


class Cancel(NamedTuple):
    """Stop the Turns of this Tenant, Conversation and id."""

    number: int
    of: tuple[str, str, str]


class Forget(NamedTuple):
    """Remove this Tenant's Conversation."""

    number: int
    of: tuple[str, str]


class ForgetTenant(NamedTuple):
    """Remove all Conversations of this Tenant that are yours."""

    number: int
    tenant: str


class Count(NamedTuple):
    """Tell what you have counted."""

    number: int


class Told(NamedTuple):
    """What has happened in a Turn since it was last told of."""

    number: int
    events: tuple[TurnEvent, ...]
    reuses_id: bool


class Answer(NamedTuple):
    """What came of what was asked, or the error that did; of a `Join` it is the Turn as it stands."""

    number: int
    value: TurnRecord | bool | int | Counted | LmosError | None


Message = Take | Join | Leave | Cancel | Forget | ForgetTenant | Count
Reply = Told | Answer
