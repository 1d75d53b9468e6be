"""The demo as a person runs it: real processes, real questions, nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "01-telecom"
LONGEST_SECONDS = 180

pytestmark = pytest.mark.e2e


def run_demo(example: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """Run an example's demo with `scratch` as the folder for everything temporary."""
    return subprocess.run(
        [sys.executable, example / "demo.py"],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def processes_of(scratch: Path) -> list[str]:
    """The commands of the processes that were started with this scratch folder and still run."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("Which processes are left is told by /proc, which is absent here.")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(scratch).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            # It ended while we looked, or is not ours.
            continue
    return found


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example, to be broken."""
    copy = tmp_path / "example"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return copy


def test_every_question_of_the_demo_goes_as_expected_and_nothing_is_left(scratch: Path) -> None:
    demo = run_demo(EXAMPLE, scratch)

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "from start to first answer" in demo.stdout.splitlines()[-1]
    assert "\x1b[" not in demo.stdout
    assert not processes_of(scratch)
    assert not list(scratch.iterdir())


def test_an_agent_that_cannot_start_is_told_with_its_log(example: Path, scratch: Path) -> None:
    with (example / "agents" / "device.py").open("a", encoding="utf-8") as code:
        code.write('\nraise RuntimeError("no tariff today")\n')

    demo = run_demo(example, scratch)

    assert demo.returncode == 1
    assert "device-agent failed" in demo.stdout
    assert "RuntimeError: no tariff today" in demo.stdout
    assert not processes_of(scratch)


def test_a_typo_in_a_manifest_is_told_with_its_file(example: Path, scratch: Path) -> None:
    channels = example / "channels.yaml"
    text = channels.read_text(encoding="utf-8")
    channels.write_text(text.replace("labels: {", "labels: {{", 1), encoding="utf-8")

    demo = run_demo(example, scratch)

    assert demo.returncode == 1
    assert "channels.yaml" in demo.stdout
    assert "Traceback" not in demo.stdout + demo.stderr
    assert not processes_of(scratch)


def test_an_answer_that_is_not_as_expected_fails_the_demo(example: Path, scratch: Path) -> None:
    story = example / "story.py"
    text = story.read_text(encoding="utf-8")
    story.write_text(text.replace("€57.39", "€1,000,000.00"), encoding="utf-8")

    demo = run_demo(example, scratch)

    assert demo.returncode == 1
    assert "“And the month before?”: the answer does not say '€1,000,000.00'" in " ".join(demo.stdout.split())
    assert not processes_of(scratch)
