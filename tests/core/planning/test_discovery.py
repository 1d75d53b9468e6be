"""Where an Agent is asked to describe itself."""

from typing import Any

import pytest

from lmos.core.planning import (
    AmbiguousService,
    DeploymentNotReady,
    NoPort,
    NoService,
    agent_description,
    discovery_target,
)
from lmos.core.resources import Endpoint
from lmos.core.resources.workload import Deployment, Service


def deployment(*, generation: int = 2, replicas: int | None = 2, **status: int | None) -> Deployment:
    reported = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return Deployment.from_manifest(
        {
            "metadata": {"name": "billing", "namespace": "default", "generation": generation},
            "spec": {
                "replicas": replicas,
                "template": {"metadata": {"labels": {"app": "billing", "tier": "agents"}}},
            },
            "status": reported | status,
        }
    )


def service(
    name: str, *ports: dict[str, Any], selector: dict[str, str] | None = None, namespace: str = "default"
) -> Service:
    return Service.from_manifest(
        {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "selector": {"app": "billing"} if selector is None else selector,
                "ports": list(ports),
            },
        }
    )


def target(*ports: dict[str, Any]) -> str:
    found = discovery_target(deployment(), [service("bills", *ports)])
    return f"{found.scheme}://{found.host}:{found.port}"


HOST = "bills.default.svc.cluster.local"


@pytest.mark.parametrize(
    ("ports", "address"),
    [
        ([{"port": 9000}], f"http://{HOST}:9000"),
        ([{"port": 9000}, {"port": 9001, "name": "http"}], f"http://{HOST}:9001"),
        ([{"port": 9000, "name": "HTTPS"}, {"port": 9001}], f"https://{HOST}:9000"),
        (
            [{"port": 9000, "name": "http"}, {"port": 9001, "appProtocol": "HTTPS"}],
            f"https://{HOST}:9001",
        ),
        ([{"port": 9000, "name": "http"}, {"port": 9001, "name": "https"}], f"http://{HOST}:9000"),
        ([{"port": 9000, "name": "grpc"}, {"port": 9001, "name": "metrics"}], f"http://{HOST}:9000"),
        ([{"port": 443}], f"https://{HOST}:443"),
    ],
)
def test_the_port_is_chosen_by_protocol_then_by_name_then_by_place(
    ports: list[dict[str, Any]], address: str
) -> None:
    assert target(*ports) == address


def test_the_endpoint_says_scheme_host_and_port() -> None:
    endpoint = discovery_target(deployment(), [service("bills", {"port": 9000})]).endpoint()

    assert endpoint.model_dump(exclude_none=True) == {"scheme": "http", "host": HOST, "port": 9000}


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        ("https://billing.example.com:443", "https://billing.example.com:443"),
        ("http://bills.other:9999", "http://bills.other:9999"),
        ("http://bills:9999", f"http://{HOST}:9999"),
        ("http://bills.default:9999", f"http://{HOST}:9999"),
        ("https://localhost:9999", f"http://{HOST}:9000"),
        ("http://127.0.0.1:9999", f"http://{HOST}:9000"),
        ("http://0.0.0.0:9999", f"http://{HOST}:9000"),
        ("http://[::]:9999", f"http://{HOST}:9000"),
    ],
)
def test_an_agent_is_asked_where_it_says_unless_that_leads_there_only_from_its_own_place(
    said: str, reached: str
) -> None:
    scheme, _, place = said.partition("://")
    host, _, port = place.rpartition(":")
    told = Endpoint.model_validate({"scheme": scheme, "host": host, "port": int(port), "path": "/a2a"})

    endpoint = discovery_target(deployment(), [service("bills", {"port": 9000})]).endpoint(told)

    assert f"{endpoint.scheme}://{endpoint.host}:{endpoint.port}" == reached
    assert endpoint.path == "/a2a"


@pytest.mark.parametrize(
    "unready",
    [
        deployment(generation=3),
        deployment(updatedReplicas=1),
        deployment(availableReplicas=1),
        deployment(availableReplicas=None),
        deployment(replicas=0),
        deployment(replicas=3),
    ],
)
def test_a_deployment_counts_once_all_pods_are_of_its_generation(unready: Deployment) -> None:
    with pytest.raises(DeploymentNotReady):
        discovery_target(unready, [service("bills", {"port": 9000})])


def test_one_replica_is_wanted_where_none_is_said() -> None:
    ready = deployment(replicas=None)
    counts = {"replicas": 1, "updated_replicas": 1, "available_replicas": 1}
    ready = ready.model_copy(update={"status": ready.status.model_copy(update=counts)})

    assert discovery_target(ready, [service("bills", {"port": 9000})]).port == 9000


def test_no_service_is_said_in_the_words_of_the_original() -> None:
    others = [
        service("empty", {"port": 1}, selector={}),
        service("other", {"port": 1}, selector={"app": "other"}),
        service("more", {"port": 1}, selector={"app": "billing", "zone": "eu"}),
        service("elsewhere", {"port": 1}, namespace="elsewhere"),
    ]

    with pytest.raises(NoService, match=r"^Expected exactly one service for deployment billing, but got 0$"):
        discovery_target(deployment(), others)


def test_two_services_are_said_in_the_words_of_the_original_and_named() -> None:
    with pytest.raises(AmbiguousService) as caught:
        discovery_target(deployment(), [service("b", {"port": 1}), service("a", {"port": 1})])

    assert caught.value.message == "Expected exactly one service for deployment billing, but got 2"
    assert "a, b" in caught.value.hint


def test_a_service_without_ports_is_refused() -> None:
    with pytest.raises(NoPort):
        target()


def test_a_description_is_read_in_whichever_format_it_comes() -> None:
    card = agent_description(b'{"version": "1.0.0", "skills": [{"name": "a"}], "capabilities": {}}')
    original = agent_description(b'{"capabilities": [{"name": "a", "version": "1.0.0"}]}')

    assert card.provided_capabilities == original.provided_capabilities
