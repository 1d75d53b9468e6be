"""Which Agent answers this Turn: a calibrated choice that abstains."""

from lmos.router.decision import Candidate, RouteDecision
from lmos.router.pipeline import AgentNotInRouting, Router, RouteRequest
from lmos.router.roster import Roster, RosterAgent, RosterCapability

__all__ = [
    "AgentNotInRouting",
    "Candidate",
    "Roster",
    "RosterAgent",
    "RosterCapability",
    "RouteDecision",
    "RouteRequest",
    "Router",
]
