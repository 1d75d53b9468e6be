"""The kubeconfig of the embedded server, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Manifest


USER = "lmos"


def kubeconfig(url: str, token: str) -> Manifest:
    """
    A kubeconfig with one context that reaches the server at `url` with its token.

    Write it where only its owner can read it: whoever has the token may do everything. The token stands in
    the server's URL too, because kubectl and helm send a user's token only over TLS, and what the URL says
    always (docs/decisions/0012-kubectl-without-tls.md).
    """
    scheme, _, host = url.partition("://")
    server = f"{scheme}://{USER}:{token}@{host}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lmos", "cluster": {"server": server}}],
        "users": [{"name": USER, "user": {"token": token}}],
        "contexts": [{"name": "lmos", "context": {"cluster": "lmos", "user": USER, "namespace": "default"}}],
        "current-context": "lmos",
    }
