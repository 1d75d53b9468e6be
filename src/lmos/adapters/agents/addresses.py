"""The network's own address book: names are left to the resolver."""

from __future__ import annotations


class NetworkAddresses:
    """Knows no Service; every host comes back as itself."""

    def addresses(self, host: str, port: int) -> tuple[tuple[str, int], ...]:
        """`host` and `port` as they are."""
        return ((host, port),)
