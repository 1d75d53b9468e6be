"""From manifests to models and back."""

from typing import Any

import pytest

from lmos.core.resources import Agent, Channel, ChannelRollout, ChannelRouting, Endpoint, InvalidManifest

WEATHER: dict[str, Any] = {
    "apiVersion": "lmos.eclipse/v1",
    "kind": "Agent",
    "metadata": {"name": "weather", "labels": {"version": "0.1.0"}},
    "spec": {
        "description": "Tells the weather",
        "supportedChannels": ["web"],
        "providedCapabilities": [{"name": "get-weather", "version": "1.0", "description": "By city"}],
    },
}


def acme_web(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": {"name": "acme-web", "namespace": "default", "labels": {"tenant": "acme"}},
        "spec": spec,
    }


def test_an_agent_of_the_original_is_read_unchanged() -> None:
    agent = Agent.from_manifest(WEATHER)

    assert agent.name == "weather"
    assert agent.subset == "stable"
    assert agent.spec.supported_tenants == ()
    assert agent.spec.provided_capabilities[0].version == "1.0"
    assert agent.spec.endpoint is None


def test_empty_texts_and_lists_are_written_and_nulls_are_not() -> None:
    assert Agent.from_manifest(WEATHER).to_manifest() == {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Agent",
        "metadata": {"name": "weather", "labels": {"version": "0.1.0"}},
        "spec": {
            "id": "",
            "description": "Tells the weather",
            "supportedTenants": [],
            "supportedChannels": ["web"],
            "providedCapabilities": [
                {"id": "", "name": "get-weather", "version": "1.0", "description": "By city", "examples": []}
            ],
        },
    }


def test_equal_entries_collapse_and_the_order_stays() -> None:
    twice = [{"name": "b", "version": "1"}, {"name": "a", "version": "1"}, {"name": "b", "version": "1"}]

    channel = Channel.from_manifest(acme_web(requiredCapabilities=twice))

    assert [required.name for required in channel.spec.required_capabilities] == ["b", "a"]


def test_null_counts_as_absent() -> None:
    manifest = acme_web(requiredCapabilities=[{"name": "a", "version": "1", "id": None, "strategy": None}])
    manifest["metadata"]["labels"] = {"tenant": "acme", "version": None}
    manifest["status"] = None

    channel = Channel.from_manifest(manifest)

    assert channel.metadata.labels == {"tenant": "acme"}
    assert channel.spec.required_capabilities[0].id == ""
    assert channel.status is None


def test_fields_that_we_do_not_know_are_ignored() -> None:
    manifest = acme_web(requiredCapabilities=[{"name": "a", "version": "1", "since": "2031"}])
    manifest["metadata"]["annotations"] = {"javaoperatorsdk.io/previous": "x"}
    manifest["metadata"]["managedFields"] = [{}]

    channel = Channel.from_manifest(manifest)

    assert channel.spec.required_capabilities[0].name == "a"


def test_a_resolved_status_is_just_that() -> None:
    manifest = acme_web(requiredCapabilities=[]) | {"status": {"resolveStatus": "RESOLVED"}}

    assert Channel.from_manifest(manifest).to_manifest()["status"] == {"resolveStatus": "RESOLVED"}


def test_a_routing_without_wires_writes_its_empty_list() -> None:
    routing = ChannelRouting.from_manifest({"metadata": {"name": "acme-web"}})

    assert routing.to_manifest()["spec"] == {"capabilityGroups": []}


def test_an_endpoint_says_only_what_it_knows() -> None:
    manifest = {"metadata": {"name": "billing"}, "spec": {"endpoint": {"host": "10.0.0.7", "port": 9000}}}

    agent = Agent.from_manifest(manifest)

    assert agent.spec.endpoint == Endpoint(host="10.0.0.7", port=9000)
    assert agent.to_manifest()["spec"]["endpoint"] == {"host": "10.0.0.7", "port": 9000}


def test_a_rollout_with_steps_and_gates_reads_and_writes_the_same() -> None:
    spec = {
        "strategy": {
            "canary": {
                "stableChannel": {"name": "acme-web-stable", "weight": 95},
                "canaryChannel": {"name": "acme-web-canary", "weight": 5},
                "steps": [
                    {"setWeight": 5},
                    {"pause": {"duration": "10m"}},
                    {"gate": {"minTurns": 200}},
                    {"pause": {}},
                ],
                "gates": [
                    {"metric": "error-rate", "max": "0.01"},
                    {"metric": "abstain-rate", "maxIncrease": "0.02"},
                ],
                "onFailure": "abort",
            }
        }
    }
    manifest = {"metadata": {"name": "acme-web"}, "spec": spec}

    assert ChannelRollout.from_manifest(manifest).to_manifest()["spec"] == spec


@pytest.mark.parametrize(
    ("manifest", "field"),
    [
        ({}, "metadata: Field required"),
        ({"kind": "Agent"}, "kind: expected lmos.eclipse/v1 Channel"),
        ({"apiVersion": "lmos.eclipse/v2"}, "kind: expected lmos.eclipse/v1 Channel"),
        (acme_web(), "spec.requiredCapabilities: Field required"),
        (acme_web(requiredCapabilities="bill"), "spec.requiredCapabilities: Input should be a valid tuple"),
        (
            acme_web(requiredCapabilities=[{"name": "a"}]),
            "spec.requiredCapabilities[0].version: Field required",
        ),
        (
            acme_web(requiredCapabilities=[{"name": "a", "version": 1.0}]),
            "spec.requiredCapabilities[0].version: Input should be a valid string",
        ),
        (
            acme_web(requiredCapabilities=[{"version": "1"}]),
            "spec.requiredCapabilities[0]: a requirement needs a name or an id",
        ),
        (
            acme_web(requiredCapabilities=[{"name": "a\x1b[2J", "version": "1"}]),
            "spec.requiredCapabilities[0].name: Use no control characters",
        ),
        (
            acme_web(requiredCapabilities=[]) | {"metadata": {"name": "../etc"}},
            "metadata.name: Use lower-case letters",
        ),
        (
            acme_web(requiredCapabilities=[]) | {"metadata": {"name": "a", "labels": {"tenant": 3}}},
            "metadata.labels.tenant: Input should be a valid string",
        ),
    ],
)
def test_what_cannot_be_read_names_the_object_and_the_field(manifest: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidManifest) as caught:
        Channel.from_manifest(manifest)

    assert any(one.startswith(field) for one in caught.value.fields), caught.value.fields
    assert field in caught.value.message
    assert caught.value.name == manifest.get("metadata", {}).get("name", "")
