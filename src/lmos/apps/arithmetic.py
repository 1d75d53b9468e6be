"""How numpy is loaded: its arithmetic stays on one thread."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THREADS = "OPENBLAS_NUM_THREADS"


@contextmanager
def on_one_thread() -> Iterator[None]:
    """
    Import numpy in this block, and it calculates on one thread; processes started later are not affected.

    The matrices of a head are small. Several threads gain nothing on them, and where other processes keep
    the cores busy they wait for one another: training took twenty times as long.
    """
    given = os.environ.get(_THREADS)
    os.environ.setdefault(_THREADS, "1")
    try:
        yield
    finally:
        if given is None:
            del os.environ[_THREADS]
