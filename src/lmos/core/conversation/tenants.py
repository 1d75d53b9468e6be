"""Settings that hold for all Tenants, with others for some, in one line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lmos.core.errors import InvalidInput

T = TypeVar("T")

_SHOWN = 80


def by_tenant(
    text: str, noun: str, read: Callable[[str], T], invalid: Callable[[str], InvalidInput]
) -> dict[str, T]:
    """
    Read `30d,acme=7d`: the value of each Tenant by its name, that of all others under the empty one.

    Args:
        text: Entries with commas between them.
        noun: What a value is called.
        read: Reads one value, and raises where it is none.
        invalid: Makes an error of a problem.

    Raises:
        InvalidInput: An entry names no Tenant, or is the second one for the same Tenants.
    """
    found: dict[str, T] = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        name, mark, said = entry.rpartition("=")
        tenant, value = name.strip(), read(said.strip())
        if mark and not tenant:
            raise invalid(f"{entry[:_SHOWN]!r} names no Tenant")
        if tenant in found:
            raise invalid(f"{entry[:_SHOWN]!r} is the second {noun} for the same Tenants")
        found[tenant] = value
    return found
