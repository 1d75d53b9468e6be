"""The doors through which users come, one file each."""

from lmos.runtime.http.app import runtime_app

__all__ = ["runtime_app"]
