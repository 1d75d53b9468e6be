"""The page that shows an OpenAPI document."""

from __future__ import annotations

import re

import httpx2
import pytest
from fastapi import FastAPI

from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.apps.docs_page import with_docs


@pytest.fixture
def http() -> httpx2.AsyncClient:
    app = FastAPI(title="Something", docs_url=None, redoc_url=None)
    return httpx2.AsyncClient(transport=AsgiTransport(with_docs(app, "Something")), base_url="http://here")


async def test_the_page_loads_nothing_from_elsewhere(http: httpx2.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert len(loaded) == 3
    assert not re.findall(r"https?://", page)
    for url in loaded:
        assert (await http.get(url)).is_success


async def test_everything_else_is_the_apps(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/openapi.json")).json()["info"]["title"] == "Something"
    assert (await http.get("/docsomething")).status_code == 404
    assert (await http.get("/docs/../openapi.json")).status_code in {200, 404}
