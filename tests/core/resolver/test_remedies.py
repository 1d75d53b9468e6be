"""The smallest set of changes that would resolve a Channel: it does, and it is small."""

from hypothesis import given
from hypothesis import strategies as st

from lmos.core.resolver import Action, Remedy, explain
from lmos.core.resources import Agent, Channel, RequiredCapability
from tests.core.builders import agent, channel, provides, requires

names = st.sampled_from(["view-bill", "view-bills", "pay-bill", "show-tariff"])
provided = st.builds(provides, names, st.sampled_from(["1.0.0", "1.4.0", "2.0.0", "one"]))
requirements = st.builds(requires, names, st.sampled_from(["^1", "^2", ">=3", "one"]))
agents = st.lists(
    st.builds(
        lambda name, offers, channels, tenants, subset: agent(
            name, *offers, channels=channels, tenants=tenants, subset=subset
        ),
        st.sampled_from("abcdef"),
        st.lists(provided, max_size=3),
        st.sampled_from([["web"], ["ivr"], []]),
        st.sampled_from([[], ["acme"], ["globex"]]),
        st.sampled_from(["", "canary"]),
    ),
    unique_by=lambda one: one.name,
    max_size=5,
)
channels = st.lists(requirements, min_size=1, max_size=4).map(lambda required: channel(*required))


@given(channels, agents)
def test_the_remedies_resolve_the_channel(door: Channel, installed: list[Agent]) -> None:
    remedies = explain(door, installed).remedies

    for remedy in remedies:
        door, installed = after(remedy, door, installed)

    assert explain(door, installed).is_resolved


@given(channels, agents)
def test_there_are_at_most_two_remedies_a_requirement_and_one_where_its_range_can_be_read(
    door: Channel, installed: list[Agent]
) -> None:
    explanation = explain(door, installed)
    unmet = [finding.required for finding in explanation.findings if finding.wire is None]

    assert len(explanation.remedies) <= sum(2 if one.version == "one" else 1 for one in unmet)
    assert all(finding.remedies for finding in explanation.findings if finding.wire is None)


def test_opening_one_agent_beats_changing_three_requirements() -> None:
    explanation = explain(
        channel(requires("view-bill", "^1"), requires("pay-bill", "^1"), requires("show-tariff", "^1")),
        [
            agent(
                "all",
                *(provides(name, "1.0.0") for name in ("view-bill", "pay-bill", "show-tariff")),
                tenants=["globex"],
                channels=["ivr"],
            ),
            agent("near", provides("view-bill", "2.0.0")),
        ],
    )

    assert [(one.action, one.agent, one.value) for one in explanation.remedies] == [
        (Action.ADD_TENANT, "all", "acme"),
        (Action.ADD_CHANNEL, "all", "web"),
    ]


def test_a_channel_without_labels_is_labelled_first() -> None:
    explanation = explain(
        channel(requires("view-bill", "^1"), channel=""), [agent("a", provides("view-bill", "1.0.0"))]
    )

    assert [one.action for one in explanation.remedies] == [Action.LABEL_CHANNEL]


def after(remedy: Remedy, door: Channel, installed: list[Agent]) -> tuple[Channel, list[Agent]]:
    """The Channel and the Agents once `remedy` was followed."""
    required = remedy.helps[0]
    match remedy.action:
        case Action.ADMIT_VERSION:
            return requiring(door, required, version=remedy.value), installed
        case Action.CORRECT_RANGE:
            return requiring(door, required, version="*"), installed
        case Action.RENAME:
            return requiring(door, required, name=remedy.value), installed
        case Action.CORRECT_VERSION | Action.INSTALL:
            version = {"^1": "1.0.0", "^2": "2.0.0", ">=3": "3.0.0"}.get(required.version, "1.0.0")
            return door, [*installed, agent(f"new-{len(installed)}", provides(required.name, version))]
        case _:
            return door, [opened(one, remedy) if one.name == remedy.agent else one for one in installed]


def requiring(door: Channel, required: RequiredCapability, **change: str) -> Channel:
    changed = tuple(
        one.model_copy(update=change) if one == required else one for one in door.spec.required_capabilities
    )
    return door.model_copy(update={"spec": door.spec.model_copy(update={"required_capabilities": changed})})


def opened(one: Agent, remedy: Remedy) -> Agent:
    if remedy.action is Action.ADD_TO_SUBSET:
        labels = {"subset": remedy.value}
        return one.model_copy(update={"metadata": one.metadata.model_copy(update={"labels": labels})})
    field = "supported_tenants" if remedy.action is Action.ADD_TENANT else "supported_channels"
    extended = (*getattr(one.spec, field), remedy.value)
    return one.model_copy(update={"spec": one.spec.model_copy(update={field: extended})})
