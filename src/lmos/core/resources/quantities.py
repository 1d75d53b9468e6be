"""Quantities of Kubernetes: `250m` of a CPU, `48Mi` of memory."""

import re
from decimal import Decimal

_QUANTITY = re.compile(
    r"(?P<number>[+-]?[0-9]+\.?[0-9]*|[+-]?\.[0-9]+)(?P<suffix>[A-Za-z]{0,2}|[eE][+-]?[0-9]+)"
)
_POWERS_OF_TEN = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_POWERS_OF_TWO = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def quantity(text: str) -> Decimal | None:
    """
    The number that a quantity stands for, None for what is none.

    Source:
        Kubernetes, `resource.Quantity`.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    number, suffix = Decimal(found["number"]), found["suffix"]
    if suffix in _POWERS_OF_TWO:
        return number * Decimal(2 ** _POWERS_OF_TWO[suffix])
    if suffix in _POWERS_OF_TEN:
        return number.scaleb(_POWERS_OF_TEN[suffix])
    return number.scaleb(int(suffix[1:])) if suffix[1:].lstrip("+-").isdigit() else None
