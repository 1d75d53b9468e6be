from __future__ import annotations

import subprocess
import sys

from lmos.apps.apiserver import opened_api
from lmos.core.resources import crds
from lmos.core.resources.kinds import CUSTOM_RESOURCE_DEFINITION

LOADED = "import sys; import lmos.apps.apiserver; print(*sys.modules)"


def test_our_kinds_are_served_from_the_start() -> None:
    with opened_api(None) as api:
        stored = api.server.storage.entries(str(CUSTOM_RESOURCE_DEFINITION))

    assert {entry.name for entry in stored} == {crd["metadata"]["name"] for crd in crds()}


def test_it_starts_without_what_only_other_parts_need() -> None:
    found = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True)

    others = {"pydantic", "fastapi", "structlog", "lightkube", "httpx2", "websockets", "numpy", "cel"}
    assert not others & set(found.stdout.split())
