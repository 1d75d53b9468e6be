"""The page about the Kubernetes API lists the known differences: `make accept` rewrites the list."""

import os
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "kubernetes-api.md"
HEADING = "## Differences\n\n"


def differences_section() -> str:
    listed = yaml.safe_load(
        (ROOT / "tests" / "differential" / "differences.yaml").read_text(encoding="utf-8")
    )
    return "".join(f"- {item['reason']}\n" for item in listed)


def test_the_page_lists_every_known_difference() -> None:
    written, _, found = PAGE.read_text(encoding="utf-8").partition(HEADING)
    if os.environ.get("LMOS_ACCEPT"):
        found = differences_section()
        PAGE.write_text(written + HEADING + found, encoding="utf-8")

    assert found == differences_section(), "rewrite it with `make accept`"
