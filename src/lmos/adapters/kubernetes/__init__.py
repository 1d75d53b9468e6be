"""A Kubernetes API server over HTTP or inside this process, as the `Cluster` port."""

from lmos.adapters.kubernetes.client import KubernetesCluster, path_of
from lmos.adapters.kubernetes.connect import connect, connect_in_process

__all__ = ["KubernetesCluster", "connect", "connect_in_process", "path_of"]
