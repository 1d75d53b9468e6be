"""The routing table: which Agents serve which Channel, as the cluster says at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.core.resources import Address, Agent, ChannelRouting
from lmos.runtime.routing_table import NoRoutingInfo
from lmos.testing.waiting import eventually
from tests.runtime.rig import agent, group, routing, wired

if TYPE_CHECKING:
    from lmos.core.resources import Manifest
    from tests.runtime.rig import Rig


def examples(rig: Rig, name: str, capability: str = "") -> tuple[str, ...]:
    found = rig.table.find("acme", "web").roster.capability(name, capability or name)
    return found.examples if found else ()


async def test_a_channel_has_the_agents_of_its_routing(bare: Rig) -> None:
    await bare.serve(routing("network", "billing"))

    roster = bare.table.find("acme", "web").roster

    assert [each.name for each in roster.agents] == ["billing", "network"]
    assert roster.agents[0].capabilities[0].description == "About billing"


@pytest.mark.parametrize(("tenant", "channel"), [("globex", "web"), ("acme", "ivr"), ("", ""), ("acme", "")])
async def test_a_channel_without_routing_is_not_found(bare: Rig, tenant: str, channel: str) -> None:
    await bare.serve(routing("billing"))

    with pytest.raises(NoRoutingInfo) as caught:
        bare.table.find(tenant, channel)

    assert caught.value.hint


async def test_a_changed_routing_is_followed(bare: Rig) -> None:
    await bare.serve(routing("billing", "network"))

    await bare.serve(routing("billing"))

    assert bare.table.find("acme", "web").roster.names == {"billing"}


async def test_a_deleted_routing_is_gone_and_comes_back_when_it_is_created_again(bare: Rig) -> None:
    gone: list[str] = []
    bare.table.on_gone(lambda route: gone.append(route.roster.key))
    await bare.serve(routing("billing"))

    await bare.remove(ChannelRouting.KIND, "acme-web-stable")

    with pytest.raises(NoRoutingInfo):
        bare.table.find("acme", "web")
    assert gone == ["default/acme-web-stable"]

    await bare.serve(routing("network"))
    assert bare.table.find("acme", "web").roster.names == {"network"}


async def test_a_routing_that_moves_to_another_channel_leaves_the_first(bare: Rig) -> None:
    await bare.serve(routing("billing", name="door"))

    await bare.serve(routing("billing", name="door", channel="ivr"))

    assert bare.table.find("acme", "ivr").roster.names == {"billing"}
    with pytest.raises(NoRoutingInfo):
        bare.table.find("acme", "web")


async def test_subsets_of_a_channel_are_kept_apart(bare: Rig) -> None:
    await bare.serve(routing("old"), routing("new", subset="canary"))

    assert bare.table.find("acme", "web").roster.names == {"old"}
    assert bare.table.find("acme", "web", "canary").roster.names == {"new"}
    with pytest.raises(NoRoutingInfo):
        bare.table.find("acme", "web", "blue")


async def test_a_routing_without_a_subset_is_stable(bare: Rig) -> None:
    await bare.serve(routing("billing", subset=""))

    assert bare.table.find("acme", "web", "stable").subset == "stable"


@pytest.mark.parametrize(
    ("wished", "gets"), [(("canary", "stable"), "canary"), (("", "blue", "stable"), "stable")]
)
async def test_the_first_subset_that_serves_the_channel_is_taken(
    bare: Rig, wished: tuple[str, ...], gets: str
) -> None:
    await bare.serve(routing("old"), routing("new", subset="canary"))

    assert bare.table.route("acme", "web", wished).subset == gets


async def test_of_several_namespaces_default_comes_first_then_the_alphabet(bare: Rig) -> None:
    await bare.serve(routing("b", namespace="team-b"), routing("a", namespace="team-a"))
    assert bare.table.find("acme", "web").routing.namespace == "team-a"

    await bare.serve(routing("d", namespace="default"))
    assert bare.table.find("acme", "web").routing.namespace == "default"
    assert bare.table.find("acme", "web", namespace="team-b").roster.names == {"b"}


async def test_examples_come_from_the_agent_that_provides_just_that_version(bare: Rig) -> None:
    await bare.serve(agent("billing", "billing", "1.0.0", "show my bill"), routing("billing"))
    assert examples(bare, "billing") == ("show my bill",)

    await bare.serve(agent("billing", "billing", "2.0.0", "something new"))
    assert examples(bare, "billing") == ()


async def test_examples_arrive_with_an_agent_that_comes_later_and_leave_with_it(bare: Rig) -> None:
    told: list[str] = []
    bare.table.on_change(lambda route: told.append(route.roster.fingerprint))
    await bare.serve(routing("billing"))
    assert examples(bare, "billing") == ()

    await bare.serve(agent("billing", "billing", "1.0.0", "show my bill"))
    assert examples(bare, "billing") == ("show my bill",)

    await bare.remove(Agent.KIND, "billing")
    assert examples(bare, "billing") == ()
    assert len(told) == 3
    assert told[0] == told[2] != told[1]


async def test_an_agent_of_another_namespace_lends_no_examples(bare: Rig) -> None:
    stranger = agent("billing", "billing", "1.0.0", "show my bill")
    stranger["metadata"]["namespace"] = "team-a"

    await bare.serve(routing("billing"), stranger)

    assert examples(bare, "billing") == ()


async def test_an_agent_without_examples_concerns_only_the_routings_that_name_it(bare: Rig) -> None:
    await bare.serve(routing("billing"), routing("network", channel="ivr"))
    told: list[str] = []
    bare.table.on_change(lambda route: told.append(route.routing.channel))

    await bare.serve(agent("network", "network", "1.0.0"))

    assert told == ["ivr"]


async def test_examples_are_known_elsewhere_in_their_namespace(bare: Rig) -> None:
    await bare.serve(routing("billing"), routing("network", channel="ivr"))

    await bare.serve(agent("network", "network", "1.0.0", "no signal"))

    web, ivr = bare.table.find("acme", "web").roster, bare.table.find("acme", "ivr").roster
    assert [(can.name, can.examples) for can in web.elsewhere] == [("network", ("no signal",))]
    assert ivr.elsewhere == ()


async def test_a_capability_required_in_two_ranges_is_weighed_once_by_all_its_examples(bare: Rig) -> None:
    provider = agent("billing", "view-bill", "1.0.0", "old words")
    provider["spec"]["providedCapabilities"] += [
        {"name": "view-bill", "version": "2.0.0", "description": "d", "examples": ["new words", "old words"]}
    ]
    both = group("billing", wired("view-bill", "1.0.0"), wired("view-bill", "2.0.0"))

    await bare.serve(provider, routing(both))

    assert len(bare.table.find("acme", "web").roster.agents[0].capabilities) == 1
    assert examples(bare, "billing", "view-bill") == ("old words", "new words")


async def test_an_agent_without_a_wire_serves_nothing(bare: Rig) -> None:
    empty = group("empty") | {"capabilities": []}

    await bare.serve(routing("billing", empty))

    assert bare.table.find("acme", "web").roster.names == {"billing"}


@pytest.mark.parametrize(
    ("capability", "address"),
    [
        (wired("a", host="a.default.svc.cluster.local"), Address("a.default.svc.cluster.local", 8080)),
        (wired("a", host="127.0.0.1:9802"), Address("127.0.0.1", 9802)),
        (wired("a", host="a", endpoint={"port": 9000}), Address("a", 9000)),
        (wired("a", host="a:1", endpoint={"host": "b", "port": 2}), Address("b", 2)),
        (
            wired("a", endpoint={"scheme": "https", "host": "b", "port": 443, "path": "/ws"}),
            Address("b", 443, "https", "/ws"),
        ),
    ],
)
async def test_an_agent_answers_where_its_endpoint_says_else_at_its_host(
    bare: Rig, capability: Manifest, address: Address
) -> None:
    await bare.serve(routing(group("billing", capability)))

    assert bare.table.find("acme", "web").addresses["billing"] == address


async def test_a_routing_that_becomes_unreadable_goes_on_as_it_was(bare: Rig) -> None:
    await bare.serve(routing("billing"))
    seen = bare.table.routings
    unreadable = routing("network") | {"spec": {"capabilityGroups": "none"}}
    unreadable["metadata"]["resourceVersion"] = "999999"

    seen.learn(unreadable)

    assert bare.table.find("acme", "web").roster.names == {"billing"}
    await bare.remove(ChannelRouting.KIND, "acme-web-stable")
    await eventually(lambda: bare.table.routings.get("default", "acme-web-stable") is None)
