"""What all tests share."""

import os

from hypothesis import settings

# A deadline would be an assertion with a clock. CI tries the same examples each time, people new ones.
settings.register_profile("lmos", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("lmos")
