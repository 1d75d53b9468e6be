from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.differential.servers import embedded_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a running `lmos apiserver`."""
    with embedded_server(tmp_path_factory.mktemp("apiserver")) as server:
        assert server.kubeconfig
        yield server.kubeconfig
