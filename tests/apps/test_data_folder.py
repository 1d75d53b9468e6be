"""The data folder: for its owner alone, and for one LMOS at a time."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lmos.apps.data_folder import (
    DataFolderInUse,
    DataFolderUnusable,
    data_folder,
    opened_log,
    write_private,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Files cannot grow any more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    with data_folder(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "lock").stat().st_mode) == 0o600


def test_a_second_process_is_told_who_has_it(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from lmos.apps.data_folder import data_folder\n"
        f"with data_folder(Path({str(tmp_path)!r})): print('in', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(DataFolderInUse, match=f"process {other.pid}") as caught, data_folder(tmp_path):
            pass
        other.kill()
        other.wait()

    assert "--data" in caught.value.hint
    with data_folder(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_file_in_its_place_makes_it_unusable(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(DataFolderUnusable, match="File exists") as caught, data_folder(tmp_path / "data"):
        pass
    assert "--data" in caught.value.hint


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_makes_it_unusable(tmp_path: Path) -> None:
    with pytest.raises(DataFolderUnusable, match="File too large"), data_folder(tmp_path):
        pass


def test_a_private_file_is_replaced_at_once_and_never_readable_by_others(tmp_path: Path) -> None:
    file = tmp_path / "token"
    write_private(file, "first")
    write_private(file, "second")

    assert file.read_text() == "second"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_private_file_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_private(tmp_path / "token", "first")
    request.getfixturevalue("full_disk")

    with pytest.raises(DataFolderUnusable):
        write_private(tmp_path / "token", "second")
    assert (tmp_path / "token").read_text() == "first"


def test_a_log_on_a_full_disk_loses_lines_and_nothing_else(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with opened_log(tmp_path / "log") as log:
        log.write("first\n")
        request.getfixturevalue("full_disk")
        log.write("lost\n")

    assert (tmp_path / "log").read_text() == "first\n"
