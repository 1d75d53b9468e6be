"""Which Agent answers this Turn: a calibrated choice that abstains."""

from lmos.router.decision import Candidate, Passed, RouteDecision
from lmos.router.disambiguation import Disambiguation
from lmos.router.pipeline import Router
from lmos.router.request import RouteRequest
from lmos.router.roster import Roster, RosterAgent, RosterCapability
from lmos.router.settings import RouterSettings
from lmos.router.stages import AgentNotInRouting, LlmStage

__all__ = [
    "AgentNotInRouting",
    "Candidate",
    "Disambiguation",
    "LlmStage",
    "Passed",
    "Roster",
    "RosterAgent",
    "RosterCapability",
    "RouteDecision",
    "RouteRequest",
    "Router",
    "RouterSettings",
]
