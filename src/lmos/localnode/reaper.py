"""
Ends what was started when its parent is gone, however that ended.

Runs as a process of its own: `python reaper.py` with a pipe as standard input. A line `+123` names a
process group to watch over, `-123` one that has ended. When the last writer has closed the pipe, also
by `kill -9`, every group still named gets SIGTERM, and SIGKILL after a grace period.
"""

import contextlib
import os
import signal
import sys
import time

_GRACE_SECONDS = 3.0
_LOOK_SECONDS = 0.05


def main() -> None:
    """Read until the end of the pipe, then end what is left."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        sign, number = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(number)
    _signal_all(groups, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        _signal_all(groups, 0)
    _signal_all(groups, signal.SIGKILL)


def _signal_all(groups: set[int], number: int) -> None:
    """Send a signal to each group (0 only asks), and forget those that are gone."""
    for group in tuple(groups):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            groups.discard(group)
        except PermissionError:
            # A zombie of another user's process table answers so on some systems; it is not ours any more.
            groups.discard(group)


if __name__ == "__main__":
    with contextlib.suppress(ValueError):
        main()
