"""Finding the LMOS that a command means: its kubeconfig and the addresses beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import ClassVar

from lmos.adapters.kubernetes import KubernetesCluster, connect
from lmos.apps.data_folder import ENDPOINTS, KUBECONFIG
from lmos.apps.settings import DATA_FOLDER
from lmos.core.errors import InvalidInput


class NoRuntime(InvalidInput):
    """Nothing says where the runtime answers."""

    code: ClassVar[str] = "NoRuntime"


def kubeconfig_of(named: Path | None) -> Path | None:
    """
    The kubeconfig that a command means; None leaves it to the cluster's own conventions.

    In order: the one named, `$KUBECONFIG`, and `.lmos/kubeconfig` in this folder or one above.
    """
    if named:
        return named
    if os.environ.get("KUBECONFIG"):
        return Path(os.environ["KUBECONFIG"])
    here = Path.cwd()
    places = (folder / DATA_FOLDER / KUBECONFIG for folder in (here, *here.parents))
    return next((place for place in places if place.is_file()), None)


def cluster_of(kubeconfig: Path | None) -> KubernetesCluster:
    """A client of the API server that a command means."""
    return connect(kubeconfig_of(kubeconfig))


def endpoints_of(kubeconfig: Path | None) -> dict[str, str]:
    """The URLs by part that `lmos up` wrote beside the kubeconfig; none where it does not run."""
    config = kubeconfig_of(kubeconfig)
    try:
        endpoints = json.loads((config.parent / ENDPOINTS).read_text()) if config else {}
    except (OSError, ValueError):
        return {}
    return endpoints if isinstance(endpoints, dict) else {}


def runtime_url_of(runtime: str, kubeconfig: Path | None) -> str:
    """
    The runtime's URL: the one named, else the one that `lmos up` wrote beside the kubeconfig.

    Raises:
        NoRuntime: Neither is there.
    """
    url = runtime or endpoints_of(kubeconfig).get("runtime", "")
    if not url:
        raise NoRuntime(
            "Nothing says where the runtime answers.",
            hint="Start it with `lmos up`, run this command in its folder, or name it with --runtime URL.",
        )
    return str(url).rstrip("/")
