"""Discovery: from a Deployment to the place where its Agent describes itself, and to what it says."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, ClassVar, Literal

from lmos.core.errors import InvalidInput, TemporaryError
from lmos.core.planning.status import is_true
from lmos.core.protocols.agent_card import AGENT_CARD_PATHS, parse_agent_card
from lmos.core.protocols.capabilities import CAPABILITIES_PATH, json_object, parse_capabilities
from lmos.core.resources import Agent, AgentSpec, Endpoint
from lmos.core.resources.conditions import DISCOVERED
from lmos.core.resources.labels import DISCOVERED_GENERATION
from lmos.core.resources.slices import service_behind, service_host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lmos.core.resources.workload import Deployment, Service, ServicePort

DESCRIPTION_PATHS = (CAPABILITIES_PATH, *AGENT_CARD_PATHS)
"""Where an Agent may describe itself, in the order in which to ask."""

HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class Target:
    """The Service port at which an Agent answers."""

    scheme: Literal["http", "https"]
    host: str
    port: int

    def endpoint(self, said: Endpoint | None = None) -> Endpoint:
        """
        Where the Agent answers, as it stands in its manifest.

        Args:
            said: Where it says so itself. Its own machine and its Service are the Service by which it was
                found: no other name of theirs leads there from everywhere.
        """
        found = Endpoint(scheme=self.scheme, host=self.host, port=self.port)
        if said is None:
            return found
        if _is_this_machine(said.host or ""):
            return said.model_copy(update=found.model_dump(include={"scheme", "host", "port"}))
        if _is_service(said.host or "", self.host):
            return said.model_copy(update={"host": self.host})
        return said


class DeploymentNotReady(TemporaryError):
    """The Deployment has not brought all of its pods to the present generation yet."""

    code: ClassVar[str] = "DeploymentNotReady"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Deployment {name} is not ready.",
            hint=f"See why: kubectl describe deployment {name}",
            retry_after_seconds=10.0,
        )


class NoService(InvalidInput):
    """No Service selects the pods of the Deployment."""

    code: ClassVar[str] = "NoService"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Expected exactly one service for deployment {name}, but got 0",
            hint="Add a Service whose selector is part of the labels of the Deployment's pods.",
        )


class AmbiguousService(InvalidInput):
    """Several Services select the pods of the Deployment."""

    code: ClassVar[str] = "AmbiguousService"

    def __init__(self, name: str, services: Sequence[str]) -> None:
        self.services = tuple(services)
        super().__init__(
            f"Expected exactly one service for deployment {name}, but got {len(services)}",
            hint=f"Keep one of {', '.join(services)}, or give the others another selector.",
        )


class NoPort(InvalidInput):
    """The Service of the Deployment has no port."""

    code: ClassVar[str] = "NoPort"

    def __init__(self, service: str) -> None:
        super().__init__(f"Service {service} has no port.", hint="Add the port at which the Agent answers.")


def needs_discovery(deployment: Deployment, agent: Agent | None) -> bool:
    """Whether the description has never been fetched, or not at this generation of the Deployment."""
    if agent is None or agent.status is None or not is_true(agent.status.conditions, DISCOVERED):
        return True
    fetched_at = agent.metadata.annotations.get(DISCOVERED_GENERATION)
    return fetched_at != str(deployment.metadata.generation or 0)


def discovery_target(deployment: Deployment, services: Sequence[Service]) -> Target:
    """
    Where to ask the Agent behind `deployment` for its description.

    Args:
        deployment: The Deployment.
        services: At least all Services of its namespace.

    Raises:
        DeploymentNotReady: Not all pods are available at the present generation; scaled to zero counts too.
        NoService, AmbiguousService: Not exactly one Service selects its pods.
        NoPort: That Service has no port.

    Source:
        Contract §1.5; that old pods do not count is mended (§5.2.1).
    """
    if not _is_ready(deployment):
        raise DeploymentNotReady(deployment.name)
    service = _service(deployment, services)
    port = _port(service)
    is_https = port.port == HTTPS_PORT or "https" in {port.name.lower(), port.app_protocol.lower()}
    host = service_host(service.name, service.namespace)
    return Target("https" if is_https else "http", host, port.port)


def agent_description(body: bytes) -> AgentSpec:
    """
    What an Agent says about itself, in whichever of the formats it says it.

    Args:
        body: What is served at one of `DESCRIPTION_PATHS`; a document with `skills` is an A2A card.

    Raises:
        InvalidDescription: It cannot be read.
    """
    if "skills" in json_object("description", body):
        return parse_agent_card(body)
    return parse_capabilities(body)


def _is_this_machine(host: str) -> bool:
    """Whether the name leads each machine to itself."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _is_service(host: str, service: str) -> bool:
    """Whether `host` is a shorter name of the Service with the full name `service`."""
    return host == service.partition(".")[0] or service_behind(host) == service_behind(service)


def _is_ready(deployment: Deployment) -> bool:
    wanted, status = deployment.spec.replicas, deployment.status
    is_current = (status.observed_generation or 0) >= (deployment.metadata.generation or 0)
    counts = {status.replicas, status.updated_replicas, status.available_replicas}
    return wanted > 0 and is_current and counts == {wanted}


def _service(deployment: Deployment, services: Sequence[Service]) -> Service:
    found = [service for service in services if service.selects(deployment)]
    if not found:
        raise NoService(deployment.name)
    if len(found) > 1:
        raise AmbiguousService(deployment.name, sorted(service.name for service in found))
    return found[0]


def _port(service: Service) -> ServicePort:
    """The only port that speaks HTTP, else the only one of such a name, else the first."""
    ports = service.spec.ports
    if not ports:
        raise NoPort(service.name)
    by_protocol = [port for port in ports if port.app_protocol.lower() in {"http", "https"}]
    by_name = [port for port in ports if port.name.lower() in {"http", "https"}]
    return next((only[0] for only in (by_protocol, by_name) if len(only) == 1), ports[0])
