"""What was computed once, in a file that several processes share."""

from lmos.adapters.cache.file_cache import FileCache

__all__ = ["FileCache"]
