"""The doors through which users come, one file each."""

from lmos.runtime.http.app import runtime_app
from lmos.runtime.http.management import management_app
from lmos.runtime.http.origins import Origins

__all__ = ["Origins", "management_app", "runtime_app"]
