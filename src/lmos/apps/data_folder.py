"""The folder in which one LMOS keeps everything, and which it shares with no other."""

from __future__ import annotations

import fcntl
import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import Conflict, LmosError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from _typeshed import ReadableBuffer

KUBECONFIG = "kubeconfig"
ENDPOINTS = "endpoints.json"

_LOCK = "lock"
_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700
_DIGITS = 20


class DataFolderUnusable(LmosError):
    """The data folder cannot be made, read or written."""

    code: ClassVar[str] = "DataFolderUnusable"
    exit_status: ClassVar[int] = 74

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"The data folder {folder} cannot be used: {error.strerror or error}.",
            hint="Free some space, mend its permissions, or name another folder with --data.",
        )


class DataFolderInUse(Conflict):
    """Another LMOS runs on the data folder."""

    code: ClassVar[str] = "DataFolderInUse"

    def __init__(self, folder: Path, process: str) -> None:
        super().__init__(
            f"Another LMOS{f' (process {process})' if process else ''} runs on {folder}.",
            hint="Talk to that one (lmos status), stop it, or name another folder with --data.",
        )


@contextmanager
def data_folder(folder: Path) -> Iterator[None]:
    """
    Make the folder, readable by its owner alone, and keep every other LMOS out while the block runs.

    The lock goes with the process, however that ends.

    Raises:
        DataFolderUnusable: It cannot be made or written.
        DataFolderInUse: Another process has it.
    """
    try:
        folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    except OSError as error:
        raise DataFolderUnusable(folder, error) from error
    try:
        _take(lock, folder)
        yield
    finally:
        os.close(lock)


def write_private(path: Path, text: str) -> None:
    """
    Replace a file at once; nobody but its owner can read it at any moment.

    Raises:
        DataFolderUnusable: It cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - the descriptor carries the mode
            file.write(text)
        beside.replace(path)
    except OSError as error:
        raise DataFolderUnusable(path.parent, error) from error


@contextmanager
def opened_log(path: Path) -> Iterator[TextIO]:
    """
    A log file at its end; what the disk has no room for is lost, and nothing else fails for it.

    Raises:
        DataFolderUnusable: It cannot be opened.
    """
    try:
        lossy = _LossyFile(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ONLY), "w")
    except OSError as error:
        raise DataFolderUnusable(path.parent, error) from error
    buffered = io.BufferedWriter(lossy)
    with io.TextIOWrapper(buffered, "utf-8", "backslashreplace", line_buffering=True) as log_file:
        yield log_file


class _LossyFile(io.FileIO):
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _take(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
    except BlockingIOError as error:
        raise DataFolderInUse(folder, os.read(lock, _DIGITS).decode(errors="replace")) from error
    except OSError as error:
        raise DataFolderUnusable(folder, error) from error
