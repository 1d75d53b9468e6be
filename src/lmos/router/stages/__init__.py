"""The stages of the pipeline, each in a module: what may decide, in which order."""

from lmos.router.stages.choice import ChoiceStage
from lmos.router.stages.explicit import AgentNotInRouting, ExplicitStage
from lmos.router.stages.follow_up import FollowUpStage
from lmos.router.stages.llm import LlmStage
from lmos.router.stages.stage import Stage
from lmos.router.stages.vector import VectorStage

__all__ = [
    "AgentNotInRouting",
    "ChoiceStage",
    "ExplicitStage",
    "FollowUpStage",
    "LlmStage",
    "Stage",
    "VectorStage",
]
