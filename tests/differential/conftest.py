from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lmos.core.resources.definitions import crds
from tests.differential.histories import HERE, documents, shared_definitions
from tests.differential.servers import ApiServer, embedded_server, real_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmos.core.resources.kinds import Manifest

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ApiServer, ApiServer]]:
    """Ours and the real one, both with the kinds of LMOS and of the tests."""
    folder = tmp_path_factory.mktemp("servers")
    with real_server(folder) as theirs, embedded_server(folder) as ours:
        both = ours, theirs
        with ThreadPoolExecutor() as pool:
            list(pool.map(_with_kinds, both))
        yield both


def _with_kinds(server: ApiServer) -> None:
    wanted = [*crds(), *documents(HERE / "definitions.yaml"), *shared_definitions()]
    for manifest in wanted:
        _installed(server, manifest)
    for manifest in wanted:
        _await_served(server, manifest)


def _installed(server: ApiServer, manifest: Manifest) -> None:
    path = f"{DEFINITIONS}/{manifest['metadata']['name']}"
    response = server.client.patch(
        path,
        json=manifest,
        params={"fieldManager": "tests", "force": "true"},
        headers={"content-type": "application/apply-patch+yaml"},
    )
    assert response.status_code in (200, 201), response.text


def _await_served(server: ApiServer, manifest: Manifest) -> None:
    spec = manifest["spec"]
    path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
    deadline = time.monotonic() + 30
    while server.client.get(path).status_code != 200:
        assert time.monotonic() < deadline, f"{path} is not served"
        time.sleep(0.05)
