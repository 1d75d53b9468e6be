"""From what we saw to what we do: Snapshot → Plan → Changes, without any I/O."""

from lmos.core.planning.affected import channels_affected
from lmos.core.planning.agents import (
    RejectedCapabilities,
    agent_problems,
    is_discovered,
    plan_agent,
    plan_agent_status,
    plan_departure,
)
from lmos.core.planning.channels import (
    MissingLabels,
    RejectedRequirements,
    UnresolvedCapabilities,
    channel_problems,
    plan_channel,
    plan_channels,
)
from lmos.core.planning.check import UnsoundPlan, check_plan
from lmos.core.planning.discovery import (
    DESCRIPTION_PATHS,
    AmbiguousService,
    DeploymentNotReady,
    NoPort,
    NoService,
    Target,
    agent_description,
    discovery_target,
    needs_discovery,
)
from lmos.core.planning.documents import (
    DuplicateName,
    PlanReport,
    Problem,
    UnknownField,
    UnknownKind,
    plan_documents,
)
from lmos.core.planning.plan import Apply, Change, Delete, Plan, RecordEvent, WriteStatus
from lmos.core.planning.routings import host_of
from lmos.core.planning.snapshot import Snapshot

__all__ = [
    "DESCRIPTION_PATHS",
    "AmbiguousService",
    "Apply",
    "Change",
    "Delete",
    "DeploymentNotReady",
    "DuplicateName",
    "MissingLabels",
    "NoPort",
    "NoService",
    "Plan",
    "PlanReport",
    "Problem",
    "RecordEvent",
    "RejectedCapabilities",
    "RejectedRequirements",
    "Snapshot",
    "Target",
    "UnknownField",
    "UnknownKind",
    "UnresolvedCapabilities",
    "UnsoundPlan",
    "WriteStatus",
    "agent_description",
    "agent_problems",
    "channel_problems",
    "channels_affected",
    "check_plan",
    "discovery_target",
    "host_of",
    "is_discovered",
    "needs_discovery",
    "plan_agent",
    "plan_agent_status",
    "plan_channel",
    "plan_channels",
    "plan_departure",
    "plan_documents",
]
