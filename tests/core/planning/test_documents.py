"""Planning from files alone: whatever stands in them, the rest is planned."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.planning import plan_documents


def channel(name: str = "acme-web", **fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": {"name": name, "labels": {"tenant": "acme", "channel": "web", "version": "1"}},
        "spec": {"requiredCapabilities": [{"name": "view-bill", "version": "^1"}]},
        **fields,
    }


def agent(name: str = "billing", version: str = "1.0.0", **fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Agent",
        "metadata": {"name": name},
        "spec": {
            "supportedChannels": ["web"],
            "providedCapabilities": [{"name": "view-bill", "version": version}],
        },
        **fields,
    }


def problems(*manifests: Any) -> list[tuple[str, str, str, str]]:
    """Each problem as (code, kind, namespace, name)."""
    found = plan_documents(manifests).to_json()["problems"]
    assert all(set(one) == {"code", "message", "hint", "kind", "namespace", "name"} for one in found)
    assert all(one["message"] and one["hint"] for one in found)
    return [(one["code"], one["kind"], one["namespace"], one["name"]) for one in found]


def test_a_report_has_the_agreed_shape() -> None:
    report = plan_documents([channel(), agent()]).to_json()

    (planned,) = report["channels"]
    assert list(planned) == ["namespace", "name", "resolveStatus", "unresolved", "routing", "explain"]
    assert (planned["namespace"], planned["name"], planned["resolveStatus"]) == (
        "default",
        "acme-web",
        "RESOLVED",
    )
    assert planned["unresolved"] == []
    assert planned["routing"]["metadata"]["namespace"] == "default"
    assert "ownerReferences" not in planned["routing"]["metadata"]
    assert len(planned["explain"]) == 1
    assert report["problems"] == []


def test_what_is_unresolved_is_listed_as_the_channel_requires_it() -> None:
    (planned,) = plan_documents([channel()]).to_json()["channels"]

    assert planned["resolveStatus"] == "UNRESOLVED"
    assert planned["unresolved"] == [{"id": "", "name": "view-bill", "version": "^1", "strategy": "HIGHEST"}]
    assert planned["routing"]["spec"] == {"capabilityGroups": []}


def test_channels_are_sorted_and_namespaces_keep_apart() -> None:
    elsewhere = channel("a", metadata={**channel()["metadata"], "name": "a", "namespace": "elsewhere"})

    report = plan_documents([elsewhere, channel("c"), channel("b"), agent()]).to_json()

    assert [(one["namespace"], one["name"], one["resolveStatus"]) for one in report["channels"]] == [
        ("default", "b", "RESOLVED"),
        ("default", "c", "RESOLVED"),
        ("elsewhere", "a", "UNRESOLVED"),
    ]


def test_lists_count_as_their_items_and_other_kinds_not_at_all() -> None:
    others = [
        None,
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "billing"}},
        {"apiVersion": "v1", "kind": "Service"},
    ]

    report = plan_documents([{"kind": "List", "items": [channel(), agent(), *others]}, *others]).to_json()

    assert report["channels"][0]["resolveStatus"] == "RESOLVED"
    assert report["problems"] == []


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        ({"apiVersion": "lmos.eclipse/v1", "kind": "Chanel", "metadata": {"name": "x"}}, "UnknownKind"),
        ({"apiVersion": "lmos.eclipse/v2", "kind": "Agent", "metadata": {"name": "x"}}, "UnknownKind"),
        ({"apiVersion": "lmos.eclipse/v1", "kind": ["x"], "metadata": {"name": "x"}}, "UnknownKind"),
        (agent("x", specs={}), "UnknownField"),
        (agent("x", "one"), "InvalidVersion"),
        (channel("x", spec={"requiredCapabilities": [{"name": "a", "version": "abc"}]}), "InvalidRange"),
        (channel("x", metadata={"name": "x", "labels": {"tenant": "acme"}}), "MissingLabels"),
        (channel("x", spec={}), "InvalidManifest"),
        (channel("x", spec=None), "InvalidManifest"),
        (agent("x", spec=[]), "InvalidManifest"),
        (agent("x", spec={"description": "\ud800"}), "InvalidManifest"),
        (agent("../x"), "InvalidManifest"),
        (agent("x\x1b[2J"), "InvalidManifest"),
        (agent("x", metadata="x"), "InvalidManifest"),
        ("just text", "InvalidManifest"),
        (["a", "list"], "InvalidManifest"),
    ],
)
def test_what_is_wrong_with_one_manifest_is_a_problem_and_the_rest_is_planned(
    manifest: Any, code: str
) -> None:
    report = plan_documents([manifest, channel(), agent()]).to_json()

    assert code in [one["code"] for one in report["problems"]]
    planned = {one["name"]: one["resolveStatus"] for one in report["channels"]}
    assert planned["acme-web"] == "RESOLVED"


def test_a_problem_names_its_manifest() -> None:
    assert problems(agent("x", "one")) == [("InvalidVersion", "Agent", "default", "x")]
    assert problems("just text") == [("InvalidManifest", "", "default", "")]


def test_of_two_manifests_of_one_name_the_first_counts() -> None:
    assert problems(agent(), agent(version="2.0.0")) == [("DuplicateName", "Agent", "default", "billing")]
    assert problems(agent(), channel("billing")) == []
    (planned,) = plan_documents([agent(), agent(version="2.0.0"), channel()]).to_json()["channels"]
    assert planned["resolveStatus"] == "RESOLVED"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "labels", "version", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"apiVersion": st.just("lmos.eclipse/v1"), "kind": st.sampled_from(["Agent", "Channel", "X"])},
        optional={
            "metadata": values | st.fixed_dictionaries({"name": st.just("x")}),
            "spec": values
            | st.fixed_dictionaries({"requiredCapabilities": values})
            | st.fixed_dictionaries({"providedCapabilities": values}),
        },
    )
)
def test_no_manifest_whatsoever_breaks_a_plan(manifest: dict[str, Any]) -> None:
    report = plan_documents([manifest, channel(), agent()]).to_json()

    assert any(one["name"] == "acme-web" for one in report["channels"])
