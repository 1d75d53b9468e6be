"""Logs of Pods as an API server needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from lmos.core.resources.kinds import Manifest


class NoLog(LmosError):
    """There is no log of this Pod's process, or of the one before it."""

    code: ClassVar[str] = "NoLog"


@dataclass(frozen=True, slots=True)
class LogRequest:
    """
    Which part of a log is asked for.

    Attributes:
        follow: Go on with what is written from now on, until the process ends.
        previous: The log of the process before the present one.
        timestamps: Begin each line with its time.
        since: Only lines written at or after this moment.
        tail_lines: Only so many lines at the end; None for all.
        limit_bytes: Stop after so many bytes; None for no limit.
    """

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    since: datetime | None = None
    tail_lines: int | None = None
    limit_bytes: int | None = None


class PodLogs(Protocol):
    """Whoever runs Pods and keeps what they print."""

    def read(self, pod: Manifest, request: LogRequest) -> AsyncIterator[bytes]:
        """
        The log of a Pod's process in pieces, as it was asked for.

        Raises:
            NoLog: Before the first piece, where there is nothing to read.
        """
        ...
