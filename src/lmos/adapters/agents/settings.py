"""How long and how much the client of Agents waits, reads and keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """
    What a Turn may take.

    Attributes:
        connect_seconds: Socket, upgrade and acknowledgement, for each replica that is tried.
        first_result_seconds: From asking to the first result.
        turn_seconds: From asking to the end.
    """

    connect_seconds: float = 3.0
    first_result_seconds: float = 60.0
    turn_seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a socket may carry and how long it is kept.

    Attributes:
        message_bytes: The longest message of an Agent.
        turns_a_socket: Turns that share a socket at the same time.
        buffered_results: Results that wait for a slow reader before its Turn is given up.
        idle_seconds: How long a socket without a Turn stays open.
        ping_seconds: Between two signs of life of a silent Agent.
        settle_seconds: How long a socket must outlive its first Turn to be used for a second one.
    """

    message_bytes: int = 4 * 1024 * 1024
    turns_a_socket: int = 64
    buffered_results: int = 1024
    idle_seconds: float = 60.0
    ping_seconds: float = 20.0
    settle_seconds: float = 0.1
