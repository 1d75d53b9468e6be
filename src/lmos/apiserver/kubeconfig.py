"""The kubeconfig of the embedded server, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Manifest


def kubeconfig(url: str, token: str) -> Manifest:
    """
    A kubeconfig with one context that reaches the server at `url` with its bearer token.

    Write it where only its owner can read it: whoever has the token may do everything.
    """
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lmos", "cluster": {"server": url}}],
        "users": [{"name": "lmos", "user": {"token": token}}],
        "contexts": [
            {"name": "lmos", "context": {"cluster": "lmos", "user": "lmos", "namespace": "default"}}
        ],
        "current-context": "lmos",
    }
