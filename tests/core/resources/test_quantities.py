"""Quantities of Kubernetes."""

import pytest

from lmos.core.resources.quantities import quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("250m", 0.25),
        ("12500000n", 0.0125),
        ("1.5", 1.5),
        ("2k", 2000),
        ("48Mi", 48 * 1024 * 1024),
        ("3e3", 3000),
        ("1E-1", 0.1),
        ("1E", 10**18),
    ],
)
def test_a_quantity_is_a_number_and_a_suffix(text: str, number: float) -> None:
    assert float(quantity(text) or 0) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "x", "1x", "1 Mi", "Mi", "--1"])
def test_what_is_no_quantity_has_no_number(text: str) -> None:
    assert quantity(text) is None
