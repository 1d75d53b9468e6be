"""The embedded Kubernetes API for one machine: objects in SQLite, kinds as data, one path for all of them."""

from lmos.apiserver.http import app
from lmos.apiserver.kubeconfig import kubeconfig
from lmos.apiserver.objects import Intent
from lmos.apiserver.server import Place, Server
from lmos.apiserver.storage import Storage, StorageError

__all__ = ["Intent", "Place", "Server", "Storage", "StorageError", "app", "kubeconfig"]
