"""Credentials and addresses: from a kubeconfig, from inside a cluster, or of a server in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from lightkube.config.client_adapter import AsyncClient, ConnectionParams
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError
from yaml import YAMLError

from lmos.adapters.kubernetes.client import DEAD_WATCH_SECONDS, KubernetesCluster
from lmos.adapters.kubernetes.inprocess import AsgiTransport
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from lmos.adapters.kubernetes.inprocess import AsgiApp

_ANSWER_SECONDS = 30.0


class NoKubeconfig(InvalidInput):
    """There is no API server to talk to."""

    code = "NoKubeconfig"


def connect(
    kubeconfig: Path | None = None, *, dead_watch_seconds: float = DEAD_WATCH_SECONDS
) -> KubernetesCluster:
    """
    A client of the API server that `kubeconfig` names.

    Without it, the usual order holds: the service account inside a cluster, then `KUBECONFIG`, then
    `~/.kube/config`.

    Raises:
        NoKubeconfig: None of these exists, or it cannot be read.
    """
    try:
        config = KubeConfig.from_file(kubeconfig) if kubeconfig else KubeConfig.from_env()
        context = _current(config)
        client = AsyncClient(
            context, ConnectionParams(timeout=httpx2.Timeout(_ANSWER_SECONDS), trust_env=False)
        )
    except (ConfigError, OSError, ValueError, LookupError, TypeError, AttributeError, YAMLError) as error:
        where = str(kubeconfig) if kubeconfig else "KUBECONFIG or ~/.kube/config"
        raise NoKubeconfig(
            f"No usable kubeconfig in {where}: {error}.",
            hint="Start one machine's LMOS with `lmos up`, or name a file with --kubeconfig.",
        ) from error
    return KubernetesCluster(client, namespace=context.namespace, dead_watch_seconds=dead_watch_seconds)


def _current(config: KubeConfig) -> SingleConfig:
    context = config.get()
    if context is None:
        raise ConfigError("it names no current context")
    return context if context.user else context._replace(user=User())


def connect_in_process(app: AsgiApp, token: str) -> KubernetesCluster:
    """A client of the API server `app` in this process; no socket is opened."""
    client = httpx2.AsyncClient(
        transport=AsgiTransport(app),
        base_url="http://localhost",
        headers={"authorization": f"Bearer {token}"},
        timeout=httpx2.Timeout(_ANSWER_SECONDS),
    )
    return KubernetesCluster(client, namespace="default")
