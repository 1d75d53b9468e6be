"""All figures of benchmarks/README.md in one run: `make bench`."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

SUITES = (
    "benchmarks.up",
    "benchmarks.reconcile",
    "benchmarks.apiserver.run",
    "benchmarks.turns",
    "benchmarks.streams",
    "benchmarks.clinc.run",
)


def main() -> None:
    """Run each suite in a process of its own, one after the other."""
    print(f"Python {platform.python_version()}, {platform.machine()}", flush=True)
    failed = []
    for suite in SUITES:
        print(f"\n{suite}", flush=True)
        if subprocess.run([sys.executable, "-m", suite], check=False).returncode:
            failed.append(suite)
    print(json.dumps({"failed": failed}))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
