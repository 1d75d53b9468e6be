"""What all tests share."""

import os

from hypothesis import settings

# Before anybody imports numpy: as in the services, and several tests run side by side.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A deadline would be an assertion with a clock. CI tries the same examples each time, people new ones.
settings.register_profile("lmos", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("lmos")
