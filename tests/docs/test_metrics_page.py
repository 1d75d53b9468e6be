"""The table of metrics is drawn from those that the runtime has: `make accept` renews it."""

import os
import re
from pathlib import Path

from lmos.runtime.metrics import METRICS, TurnMetrics

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "see-what-happens.md"
TABLE = re.compile(r"(\| Metric \| Labels \| Tells \|\n\|---\|---\|---\|\n)((?:\|.*\n)*)")


def kinds() -> dict[str, str]:
    """The kind of each metric, as Prometheus is told."""
    found = re.findall(r"^# TYPE (\S+) (\S+)$", TurnMetrics(list).exposition().decode(), re.MULTILINE)
    return {name.removesuffix("_total"): kind for name, kind in found}


def rows() -> str:
    told = kinds()
    lines = []
    for name, meaning, labels in METRICS:
        shown = f"{name}_total" if told[name] == "counter" else name
        listed = ", ".join(f"`{label}`" for label in labels) or "none"
        lines.append(f"| `{shown}` ({told[name]}) | {listed} | {meaning} |\n")
    return "".join(lines)


def test_every_metric_is_told_of_and_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("LMOS_ACCEPT"):
        text = TABLE.sub(lambda found: found[1] + rows(), text)
        PAGE.write_text(text, encoding="utf-8")

    table = TABLE.search(text)
    assert table is not None
    assert table[2] == rows(), "rewrite it with `make accept`"


def test_the_table_holds_all_that_is_counted() -> None:
    assert {name for name, _, _ in METRICS} == set(kinds())
