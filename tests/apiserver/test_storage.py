from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmos.apiserver import storage as storage_module
from lmos.apiserver.status import ApiError
from lmos.apiserver.storage import HISTORY_EVENTS, Storage, StorageError, StorageFull

if TYPE_CHECKING:
    from collections.abc import Sequence

WRITER = """
import sys
from lmos.apiserver import Storage
storage = Storage(sys.argv[1])
for number in range(100_000):
    metadata = {"name": f"n{number}", "uid": f"u{number}"}
    storage.put("things", {"apiVersion": "v1", "kind": "Thing", "metadata": metadata})
    print(number, flush=True)
"""


def thing(name: str, *, owner: str = "", **more: Any) -> Any:
    metadata: Any = {"name": name, "uid": f"uid-{name}"}
    if owner:
        metadata["ownerReferences"] = [{"uid": f"uid-{owner}"}]
    return {"apiVersion": "v1", "kind": "Thing", "metadata": metadata, **more}


def names(storage: Storage, at: int | None = None) -> list[str]:
    return [entry.name for entry in storage.entries("things", at)]


def test_each_write_has_the_next_version(storage: Storage) -> None:
    first, second = storage.put("things", thing("a")), storage.put("things", thing("b"))

    assert second.version == first.version + 1 == storage.version
    assert first.manifest()["metadata"]["resourceVersion"] == str(first.version)


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "db")
    storage.put("things", thing("kept", owner="boss"))
    storage.remove(storage.put("things", thing("removed")))
    version = storage.version
    storage.close()

    again = Storage(tmp_path / "db")

    assert names(again) == ["kept"]
    assert [entry.name for entry in again.dependents("uid-boss")] == ["kept"]
    assert again.version == version
    again.close()


def test_acknowledged_writes_survive_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        acknowledged = [line for _, line in zip(range(200), writer.stdout, strict=False)]
        writer.send_signal(signal.SIGKILL)

    storage = Storage(path)

    assert len(acknowledged) == 200
    assert all(storage.find("things", "", f"n{number.strip()}") for number in acknowledged)
    storage.close()


write = st.tuples(st.sampled_from("abc"), st.booleans())


@settings(max_examples=50, deadline=None)
@given(st.lists(write, min_size=1, max_size=8), st.floats(0, 1), st.binary(max_size=64))
def test_a_crash_at_any_moment_of_a_write_leaves_it_done_or_undone(
    writes: list[tuple[str, bool]], moment: float, garbage: bytes
) -> None:
    """The log of the database ends anywhere, and then in garbage."""
    with tempfile.TemporaryDirectory() as folder:
        living, dead = Path(folder) / "living", Path(folder) / "dead"
        storage = Storage(living)
        states = [_state(storage)]
        ends = [_log_of(living).stat().st_size]
        for number, (name, is_removal) in enumerate(writes):
            entry = storage.find("things", "", name)
            if entry and is_removal:
                storage.remove(entry)
            else:
                storage.put("things", thing(name, number=number))
            states.append(_state(storage))
            ends.append(_log_of(living).stat().st_size)
        end = round(moment * ends[-1])
        shutil.copy(living, dead)
        _log_of(dead).write_bytes(_log_of(living).read_bytes()[:end] + garbage)
        storage.close()

        again = Storage(dead)

        acknowledged = sum(end >= each for each in ends[1:])
        assert _state(again) in states[acknowledged:]
        again.close()


def _state(storage: Storage) -> tuple[int, Sequence[bytes]]:
    return storage.version, [entry.body for entry in storage.entries("things")]


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def test_the_past_can_be_listed_while_it_is_remembered(storage: Storage) -> None:
    first = storage.put("things", thing("a", state="old"))
    then = storage.version
    storage.put("things", thing("a", state="new"))
    storage.put("things", thing("b"))
    storage.remove(first)

    assert names(storage) == ["b"]
    assert [entry.manifest()["state"] for entry in storage.entries("things", then)] == ["old"]


def test_history_is_bounded_for_each_resource_alone(storage: Storage) -> None:
    start = storage.version
    storage.put("others", thing("quiet"))
    for number in range(HISTORY_EVENTS + 1):
        storage.put("things", thing("a", number=number))

    with pytest.raises(ApiError) as refused:
        storage.since("things", start)

    assert refused.value.http == 410
    assert len(storage.since("others", start)) == 1
    assert len(storage.since("things", storage.version - HISTORY_EVENTS)) == HISTORY_EVENTS


def test_versions_from_other_times_are_too_old(storage: Storage) -> None:
    for version in (1, storage.version + 1):
        with pytest.raises(ApiError) as refused:
            storage.since("things", version)
        assert refused.value.status["reason"] == "Expired"


def test_a_second_process_is_told_who_is_in_the_way(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "db")
    storage.put("things", thing("a"))

    with pytest.raises(StorageError, match="in use by another process"):
        Storage(tmp_path / "db")

    storage.close()


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"this is no database" * 100)

    with pytest.raises(StorageError) as failed:
        Storage(tmp_path / "db")

    assert "not a database" in failed.value.message
    assert failed.value.hint


def test_a_damaged_object_is_reported(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "db")
    storage.put("things", thing("a"))
    storage.close()
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("UPDATE objects SET body = 'garbage'")
    database.close()

    with pytest.raises(StorageError, match="cannot be read"):
        Storage(tmp_path / "db")


def test_a_file_of_a_newer_lmos_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()

    with pytest.raises(StorageError, match="newer LMOS"):
        Storage(tmp_path / "db")


def test_a_database_of_an_older_lmos_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(tmp_path / "db")
    storage.put("things", thing("kept"))
    version = storage.version
    storage.close()
    later = "ALTER TABLE objects ADD COLUMN note TEXT NOT NULL DEFAULT '';"
    monkeypatch.setattr(storage_module, "_MIGRATIONS", (*storage_module._MIGRATIONS, later))  # noqa: SLF001 (a future version)

    again = Storage(tmp_path / "db")

    assert (names(again), again.version) == (["kept"], version)
    again.close()
    with sqlite3.connect(tmp_path / "db") as database:
        assert database.execute("SELECT note FROM objects").fetchall() == [("",)]
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
    database.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(tmp_path / "db")
    storage.put("things", thing("kept"))
    storage.close()
    broken = "DELETE FROM objects; ALTER TABLE absent ADD COLUMN note TEXT;"
    with monkeypatch.context() as future:
        future.setattr(storage_module, "_MIGRATIONS", (*storage_module._MIGRATIONS, broken))  # noqa: SLF001 (a future version)
        with pytest.raises(StorageError, match="cannot be opened: no such table"):
            Storage(tmp_path / "db")

    again = Storage(tmp_path / "db")

    assert names(again) == ["kept"]
    again.close()


def test_a_full_disk_is_reported_and_loses_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "db")
    storage.put("things", thing("before"))
    database = storage._database  # noqa: SLF001 (a disk that is full, without filling one)
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StorageFull) as failed:
        storage.put("things", thing("huge", text="x" * 100_000))

    assert failed.value.http_status == 507
    assert names(storage) == ["before"]
    database.execute("PRAGMA max_page_count = 100000")
    storage.put("things", thing("after"))
    assert names(storage) == ["after", "before"]
    storage.close()
