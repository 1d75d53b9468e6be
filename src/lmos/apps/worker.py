"""One worker of a runtime: `python -m lmos.apps.worker PLACE`, started by `lmos runtime --workers`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lmos.apps.arithmetic import on_one_thread
from lmos.apps.workers import MANAGEMENT, Place
from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Coroutine

with on_one_thread():
    from lmos.adapters.agents import SliceAddresses
    from lmos.apps.instance import cluster_of
    from lmos.apps.logs import configure_logging
    from lmos.apps.process import run_process
    from lmos.apps.runtime import serve_runtime
    from lmos.apps.serving import Door

_LARGEST_READ = 1024


def main() -> None:
    """Serve until told to stop, or until whoever started us is gone."""
    place = Place.from_json(sys.argv[1])
    configure_logging()
    try:
        run_process(lambda: _until_orphaned(_serve(place)))
    except LmosError as error:
        print(f"Error: {error.message}\n{error.hint}", file=sys.stderr)  # noqa: T201 - it ends with this
        sys.exit(error.exit_status)


async def _serve(place: Place) -> None:
    door = Door.inherited("runtime", place.host, place.descriptor)
    management = None
    if place.management is not None:
        management = Door.inherited(MANAGEMENT, place.host, place.management)
    kubeconfig = Path(place.kubeconfig) if place.kubeconfig else None
    async with cluster_of(kubeconfig) as cluster, asyncio.TaskGroup() as group:
        addresses = SliceAddresses(cluster)
        group.create_task(addresses.run())
        group.create_task(
            serve_runtime(
                cluster,
                addresses,
                door,
                Path(place.data),
                ready=asyncio.Event(),
                management=management,
                place=place,
            )
        )


async def _until_orphaned(work: Coroutine[None, None, None]) -> None:
    """End as if told to stop when standard input does."""
    loop = asyncio.get_running_loop()
    working = asyncio.ensure_future(work)

    def look() -> None:
        if not os.read(sys.stdin.fileno(), _LARGEST_READ):
            loop.remove_reader(sys.stdin.fileno())
            working.cancel()

    loop.add_reader(sys.stdin.fileno(), look)
    try:
        await working
    except asyncio.CancelledError:
        working.cancel()
        await asyncio.wait([working])


if __name__ == "__main__":
    main()
