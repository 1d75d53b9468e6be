"""Service names resolved through the EndpointSlices of a local node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.resources.kinds import ENDPOINT_SLICE
from lmos.core.resources.slices import LOCAL_SLICES, ready_addresses, service_behind, service_of
from lmos.ports.informer import Informer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.ports.cluster import Cluster
    from lmos.ports.informer import Key, Observed


class SliceAddresses:
    """
    An `AddressBook` that follows EndpointSlices.

    On one machine a Service's name leads to the ports of its processes. On a cluster no such slices
    exist and every host comes back as itself, for the network and its mesh to resolve.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._slices = Informer(cluster, ENDPOINT_SLICE, labels=LOCAL_SLICES)
        self._slices.on_change(self._changed)
        self._known: dict[tuple[str, str], dict[Key, list[tuple[str, int]]]] = {}

    async def run(self) -> None:
        """Follow the slices until cancelled."""
        await self._slices.run()

    async def synced(self) -> None:
        """Wait until the slices have been read once."""
        await self._slices.synced.wait()

    def addresses(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        """The ready processes behind a Service of this machine, else the host itself."""
        service = service_behind(host)
        if service is None or service not in self._known:
            return [(host, port)]
        return [address for addresses in self._known[service].values() for address in addresses]

    def _changed(self, seen: Observed) -> None:
        for manifest in (seen.before, seen.after):
            if manifest is not None:
                # A Service whose last process went away stays known: it has no address, not another one.
                self._known.setdefault(service_of(manifest), {}).pop(seen.key, None)
        if seen.after is not None:
            self._known[service_of(seen.after)][seen.key] = ready_addresses(seen.after)
