"""Agents: from a Deployment and what it says about itself to an Agent and its status."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import InvalidInput, LmosError
from lmos.core.planning.discovery import DeploymentNotReady, Target, discovery_target
from lmos.core.planning.plan import Apply, Change, Delete, Plan
from lmos.core.planning.routings import owned_by
from lmos.core.planning.status import event, stated, write_status
from lmos.core.resolver import readable_version
from lmos.core.resources import Agent, AgentSpec, AgentStatus, Condition, ObjectMeta
from lmos.core.resources.conditions import ACCEPTED, DISCOVERED, READY
from lmos.core.resources.kinds import DEPLOYMENT
from lmos.core.resources.labels import CHANNELS, DISCOVERED_GENERATION, LMOS_AGENT, SUBSET, VERSION
from lmos.core.versions import InvalidVersion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lmos.core.resources import ProvidedCapability
    from lmos.core.resources.workload import Deployment, Service

LABELS = (LMOS_AGENT, SUBSET, VERSION)


class RejectedCapabilities(InvalidInput):
    """Capabilities of an Agent are left out because their versions cannot be read; the others count."""

    code: ClassVar[str] = InvalidVersion.code

    def __init__(self, agent: Agent, rejected: Sequence[ProvidedCapability]) -> None:
        named = ", ".join(f"{provided.name} {provided.version!r}" for provided in rejected)
        super().__init__(
            f"Agent {agent.name} provides Capabilities at versions that cannot be read: {named}.",
            hint="Write MAJOR.MINOR.PATCH, for example 1.2.0 or 2.0.0-rc.1.",
        )


def plan_agent(
    deployment: Deployment,
    services: Sequence[Service],
    found: AgentSpec | LmosError,
    agent: Agent | None,
    now: datetime,
) -> Plan:
    """
    What it takes for the Agent of `deployment` to be published as it describes itself.

    Args:
        deployment: A Deployment; without the label `lmos-agent: "true"` its discovered Agent is deleted.
        services: At least all Services of its namespace.
        found: What the Agent says about itself, or why it could not be asked.
        agent: The present Agent of the Deployment's name, None where there is none.
        now: For conditions and Events.

    Returns:
        The Agent and its status, only where they differ. After a failure the Agent keeps what was last known
        and its conditions say why; where there is no Agent yet, a Warning on the Deployment does. Nothing at
        all where the Agent was written by hand.

    Source:
        Contract §1.5 with §5.2.1, 2, 7, 8 and 9 mended.
    """
    if agent is not None and not is_discovered(agent):
        return Plan()
    if deployment.metadata.labels.get(LMOS_AGENT) != "true" or deployment.metadata.deletion_timestamp:
        return plan_departure(agent)
    try:
        target = discovery_target(deployment, services)
    except LmosError as problem:
        return _failed(deployment, problem, agent, now)
    if isinstance(found, LmosError):
        return _failed(deployment, found, agent, now)
    return _published(_desired(deployment, target, found), agent, now)


def plan_departure(agent: Agent | None) -> Plan:
    """The Plan for a discovered Agent whose Deployment is no Agent any more."""
    if agent is None:
        return Plan()
    return Plan((Delete(Agent.KIND, agent.namespace, agent.name, agent.metadata.uid),))


def plan_agent_status(agent: Agent, now: datetime) -> Plan:
    """
    Say on any Agent, discovered or written by hand, which of its Capabilities were rejected.

    Only the status is written; what people wrote stays as it is.
    """
    if agent.metadata.deletion_timestamp is not None:
        return Plan()
    return _status_plan(agent, (), now)


def is_discovered(agent: Agent) -> bool:
    """
    Whether discovery made `agent` for the Deployment of its name; otherwise somebody wrote it by hand.

    Discovery notes the generation that it fetched, and names the Deployment as the owner.
    """
    owners = {(owner.kind, owner.name) for owner in agent.metadata.owner_references}
    return DISCOVERED_GENERATION in agent.metadata.annotations and (DEPLOYMENT.kind, agent.name) in owners


def agent_problems(agent: Agent) -> tuple[LmosError, ...]:
    """What of the Agent does not count: the Capabilities whose version cannot be read, as one error."""
    rejected = [one for one in agent.spec.provided_capabilities if readable_version(one) is None]
    return (RejectedCapabilities(agent, rejected),) if rejected else ()


def _desired(deployment: Deployment, target: Target, found: AgentSpec) -> Agent:
    said = deployment.metadata
    labels = {LMOS_AGENT: "true", SUBSET: deployment.subset}
    if said.labels.get(VERSION):
        labels[VERSION] = said.labels[VERSION]
    # A card knows no Channels: the Deployment may name them.
    named = (name.strip() for name in said.annotations.get(CHANNELS, "").split(","))
    spec = {
        "id": deployment.name,
        "supported_channels": found.supported_channels or tuple(dict.fromkeys(filter(None, named))),
        "endpoint": target.endpoint(found.endpoint),
    }
    return Agent(
        metadata=ObjectMeta(
            name=deployment.name,
            namespace=deployment.namespace,
            labels=labels,
            annotations={DISCOVERED_GENERATION: str(said.generation or 0)},
            owner_references=owned_by(deployment),
        ),
        spec=found.model_copy(update=spec),
    )


def _published(desired: Agent, agent: Agent | None, now: datetime) -> Plan:
    changes: list[Change] = []
    if agent is None or _differs(agent, desired):
        changes.append(Apply(desired.to_manifest()))
    expected = desired.model_copy(
        update={
            "metadata": desired.metadata.model_copy(update={"generation": _generation(agent, desired)}),
            "status": agent.status if agent else None,
        }
    )
    holds = (_holds(DISCOVERED, "Discovered"), _holds(READY, "Ready"))
    return Plan((*changes, *_status_plan(expected, holds, now).changes))


def _generation(agent: Agent | None, desired: Agent) -> int:
    """The generation that the API server will give: it counts the changes of the spec."""
    if agent is None:
        return 1
    return (agent.metadata.generation or 0) + (agent.spec != desired.spec)


def _failed(deployment: Deployment, problem: LmosError, agent: Agent | None, now: datetime) -> Plan:
    if isinstance(problem, DeploymentNotReady) and agent is None:
        # Every Agent starts like this; its Deployment says how far it is.
        return Plan()
    if agent is None:
        occasion = f"generation {deployment.metadata.generation}"
        warning = event(deployment, "Warning", problem.code, problem.message, occasion=occasion, now=now)
        return Plan((warning,))
    fails = tuple(
        Condition(type=condition, status="False", reason=problem.code, message=problem.message)
        for condition in (DISCOVERED, READY)
    )
    return _status_plan(agent, fails, now)


def _holds(condition: str, reason: str) -> Condition:
    return Condition(type=condition, status="True", reason=reason)


def _status_plan(agent: Agent, statements: Sequence[Condition], now: datetime) -> Plan:
    generation = agent.metadata.generation
    current = [
        statement.model_copy(update={"observed_generation": generation})
        for statement in (_acceptance(agent), *statements)
    ]
    present = agent.status.conditions if agent.status else ()
    status = AgentStatus(conditions=stated(present, current, now), observed_generation=generation)
    return Plan() if status == agent.status else Plan((write_status(agent, status),))


def _acceptance(agent: Agent) -> Condition:
    for problem in agent_problems(agent):
        return Condition(type=ACCEPTED, status="False", reason=problem.code, message=problem.message)
    return _holds(ACCEPTED, "Accepted")


def _differs(agent: Agent, desired: Agent) -> bool:
    present = agent.metadata
    labels = {label: present.labels[label] for label in LABELS if label in present.labels}
    generation = present.annotations.get(DISCOVERED_GENERATION)
    return (
        agent.spec != desired.spec
        or labels != desired.metadata.labels
        or generation != desired.metadata.annotations[DISCOVERED_GENERATION]
        or not set(desired.metadata.owner_references) <= set(present.owner_references)
    )
