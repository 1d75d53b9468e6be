"""A server that is killed at any moment: what it acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from lmos.apiserver import Server, Storage
from lmos.testing.clock import CountingIds, FrozenClock
from tests.apiserver.builders import CONFIG_MAPS, config_map, owned_by, patched

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.core.resources.kinds import Manifest

pytestmark = pytest.mark.e2e

ROUNDS = 8
CLIENTS = 8
NAMES = 3
SERVE = """
import sys
import uvicorn
from lmos.adapters.system import RandomIds, SystemClock
from lmos.apiserver import Server, Storage, app

server = Server(Storage(sys.argv[1]), SystemClock(), RandomIds())
uvicorn.run(app(server, token="t"), fd=int(sys.argv[2]), log_level="critical")
"""


@dataclass
class Model:
    """What each object must hold (None: it must not be there), and what a lost answer may have made of it."""

    known: dict[str, str | None] = field(default_factory=dict)
    perhaps: dict[str, str | None] = field(default_factory=dict)
    version: int = 0
    acknowledged: int = 0
    until: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def learns(self, name: str, value: str | None) -> None:
        """An answer came."""
        self.known[name] = value
        del self.perhaps[name]
        self.acknowledged += 1
        if self.acknowledged >= self.until:
            self.enough.set()

    def sees(self, manifest: Manifest, since: int) -> None:
        """A write was answered that was sent when `since` was the highest version that anybody had seen."""
        version = int(manifest["metadata"]["resourceVersion"])
        assert version > since
        self.version = max(self.version, version)


async def client_of(model: Model, api: httpx2.AsyncClient, number: int, chance: random.Random) -> None:
    """Create, change and delete objects of its own, one request after the other, without end."""
    while True:
        name, value = f"c{number}-{chance.randrange(NAMES)}", str(chance.randrange(10**9))
        there, since = model.known.get(name), model.version
        if there is None:
            model.perhaps[name] = value
            made = await api.post(CONFIG_MAPS, json=config_map(name, value=value))
            assert made.status_code == 201, made.text
            model.sees(made.json(), since)
            model.learns(name, value)
            # What it owns shares its fate, without ever being heard of again.
            await api.post(CONFIG_MAPS, json=config_map(f"{name}-child", metadata=owned_by(made.json())))
        elif chance.random() < 0.6:
            model.perhaps[name] = value
            changed = await patched(api, f"{CONFIG_MAPS}/{name}", {"data": {"value": value}})
            assert changed.status_code == 200, changed.text
            model.sees(changed.json(), since)
            model.learns(name, value)
        else:
            model.perhaps[name] = None
            assert (await api.delete(f"{CONFIG_MAPS}/{name}")).status_code == 200
            model.learns(name, None)


async def until_killed(model: Model, database: Path, place: Path, chance: random.Random) -> None:
    """Serve `database` to several clients at once, and kill the server in the middle of it."""
    model.until = model.acknowledged + chance.randrange(20, 400)
    model.enough.clear()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        command = [sys.executable, "-c", SERVE, str(database), str(listening.fileno())]
        process = subprocess.Popen(command, pass_fds=[listening.fileno()])
        transport = httpx2.AsyncHTTPTransport(uds=str(place))
        headers = {"authorization": "Bearer t"}
        try:
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://localhost", headers=headers, timeout=30
            ) as api:
                clients = [asyncio.create_task(client_of(model, api, n, chance)) for n in range(CLIENTS)]
                enough = asyncio.create_task(model.enough.wait())
                await asyncio.wait({enough, *clients}, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.sleep(chance.random() / 100)
                process.kill()
                for ended in asyncio.as_completed(clients):
                    with suppress(httpx2.TransportError):
                        await ended
        finally:
            process.kill()
            process.wait()


def check(model: Model, database: Path) -> None:
    """Open the database as the next server does, compare it with the model, and take over what is there."""
    storage = Storage(database)
    try:
        Server(storage, FrozenClock(), CountingIds())
        entries = storage.entries("configmaps")
        found: dict[str, Any] = {entry.name: entry.manifest() for entry in entries}
        names = model.known.keys() | model.perhaps.keys()
        stored = {name: found[name]["data"]["value"] if name in found else None for name in names}
        for name in names:
            before = model.known.get(name)
            assert stored[name] in (before, model.perhaps.get(name, before)), name
            assert name in found or f"{name}-child" not in found
        for entry in entries:
            metadata = found[entry.name]["metadata"]
            assert storage.with_uid(entry.uid) is entry
            assert (metadata["resourceVersion"], metadata["uid"]) == (str(entry.version), entry.uid)
        versions = [entry.version for entry in storage.everything()]
        assert len(set(versions)) == len(versions)
        assert storage.version >= max(versions)
        assert storage.version >= model.version
        model.known, model.perhaps = stored, {}
    finally:
        storage.close()


async def test_what_was_acknowledged_survives_kill_9_at_any_moment(tmp_path: Path) -> None:
    chance, model = random.Random(4), Model()  # noqa: S311 (the moments of a test)

    for number in range(ROUNDS):
        await until_killed(model, tmp_path / "db", tmp_path / f"socket-{number}", chance)
        check(model, tmp_path / "db")

    assert model.acknowledged > ROUNDS * 20
