"""Why a Turn failed: as a value that is kept with it and told again when it is sent again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from lmos.core.errors import Conflict, LmosError, TemporaryError

if TYPE_CHECKING:
    from lmos.ports.store import TurnRecord


class TurnInterrupted(TemporaryError):
    """The runtime stopped while the Turn was under way."""

    code: ClassVar[str] = "TurnInterrupted"

    def __init__(self, turn: str) -> None:
        super().__init__(
            f"Turn {turn!r} was interrupted before it was answered.",
            hint="Send the message again as a new Turn, with another x-turn-id.",
        )


class TurnCancelled(Conflict):
    """The Turn was stopped before it was answered: by a request, or because nobody listened any more."""

    code: ClassVar[str] = "TurnCancelled"

    def __init__(self, turn: str, why: str) -> None:
        super().__init__(
            f"Turn {turn!r} was cancelled: {why}.",
            hint="Send the message again as a new Turn, with another x-turn-id.",
        )


class ConversationBusy(Conflict):
    """A Turn of the Conversation is under way."""

    code: ClassVar[str] = "ConversationBusy"

    def __init__(self, conversation: str) -> None:
        super().__init__(
            f"Conversation {conversation[:80]!r} has a Turn under way.",
            hint="Wait for its end, or cancel it with DELETE …/turns/{turn}.",
        )


class TenantBusy(Conflict):
    """Turns of the Tenant are under way, so not all of its Conversations can be removed."""

    code: ClassVar[str] = "TenantBusy"

    def __init__(self, tenant: str, left: int) -> None:
        super().__init__(
            f"Tenant {tenant[:80]!r} has Turns under way in {left} Conversations; all others are gone.",
            hint="Keep its users out, then send the request again.",
        )


class InternalFailure(LmosError):
    """We are at fault; the log knows more than the client may."""

    code: ClassVar[str] = "InternalFailure"

    def __init__(self, turn: str) -> None:
        super().__init__(f"Turn {turn!r} failed inside the runtime.", hint="The runtime's log says why.")


@dataclass(frozen=True, slots=True)
class Failure:
    """What a client is told about an error; `retry_after_seconds` is None where waiting does not help."""

    code: str
    message: str
    hint: str
    http_status: int
    retry_after_seconds: float | None = None

    @classmethod
    def of(cls, error: LmosError) -> Self:
        """The error as a value."""
        retry = error.retry_after_seconds if isinstance(error, TemporaryError) else None
        return cls(error.code, error.message, error.hint, error.http_status, retry)

    @classmethod
    def of_record(cls, record: TurnRecord) -> Self:
        """Why a Turn that is kept without an answer has none."""
        if record.failure is None:
            return cls.of(TurnInterrupted(record.turn.id))
        return cls(**record.failure)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)
