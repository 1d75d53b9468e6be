"""Property tests look at values, never at the clock: a busy machine is no failure."""

from hypothesis import settings

settings.register_profile("without-clock", deadline=None)
settings.load_profile("without-clock")
