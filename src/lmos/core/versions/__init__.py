"""Semantic versions and the ranges that Channels ask for."""

from lmos.core.versions.bounds import InvalidRange
from lmos.core.versions.ranges import Range
from lmos.core.versions.version import InvalidVersion, Version

__all__ = ["InvalidRange", "InvalidVersion", "Range", "Version"]
