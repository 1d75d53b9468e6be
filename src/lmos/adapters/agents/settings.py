"""How long and how much the client of Agents waits, reads and keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """
    What a Turn may take.

    Attributes:
        connect_seconds: Socket, upgrade and acknowledgement, for each replica that is tried. A name, a
            handshake and one round trip take milliseconds; three seconds survive one lost packet.
        first_result_seconds: From asking to the first result. A model that reasons stays silent for long.
        turn_seconds: From the Turn's arrival here, its wait in the queue included, to the end.
    """

    connect_seconds: float = 3.0
    first_result_seconds: float = 60.0
    turn_seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What one Agent may be asked at once, what a socket may carry, and how long it is kept.

    Attributes:
        running_turns: Turns that one Agent (all its replicas) works on at once where they share sockets.
            Each holds its request and a few results: about 20 kB.
        queued_turns: Turns that wait for one of those to end; one more is refused at once. As many as one
            runtime is to hold event streams open for.
        lonely_turns: Turns that one replica works on at once, and sockets to it, where each Turn needs its
            own, or where it is not known yet that they may share: a process often has 1,024 file descriptors
            in all.
        turns_a_line: Turns on one socket before another is opened beside it.
        lines_a_target: Shared sockets to one replica and Subset; beyond them, Turns share more closely.
        message_bytes: The longest message of an Agent: a picture or a recording in base64.
        large_bytes: After a message of this size its socket is not used again: its buffer has grown with it.
        waiting_results: Results of a Turn that wait for their reader before nothing more is read from its
            socket.
        slow_reader_seconds: How long a reader may keep a socket from being read before its Turn is given up
            for the sake of the others on it.
        idle_seconds: How long a socket without a Turn stays open; a minute is below what proxies allow.
        ping_seconds: Silence on a socket before the Agent is asked for a sign of life, as the original does.
        pong_seconds: How long that sign may take.
        settle_seconds: How long a socket must outlive its first Turn to be used for a second one.
        close_seconds: How long an Agent may take to answer our goodbye.
    """

    running_turns: int = 2_048
    queued_turns: int = 10_000
    lonely_turns: int = 256
    turns_a_line: int = 64
    lines_a_target: int = 16
    message_bytes: int = 16 * 1024 * 1024
    large_bytes: int = 1024 * 1024
    waiting_results: int = 1_024
    slow_reader_seconds: float = 5.0
    idle_seconds: float = 60.0
    ping_seconds: float = 20.0
    pong_seconds: float = 5.0
    settle_seconds: float = 0.1
    close_seconds: float = 1.0
