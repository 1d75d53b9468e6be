"""The doors through which users come, one file each."""

from lmos.runtime.http.app import runtime_app
from lmos.runtime.http.origins import Origins

__all__ = ["Origins", "runtime_app"]
