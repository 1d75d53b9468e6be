"""Several processes as one runtime: each Conversation has its owner, whichever door its user came in by."""

from lmos.runtime.workers.crew import Crew

__all__ = ["Crew"]
