"""How the Wires of a Channel are found."""

import pytest

from lmos.core.resolver import Reason, resolve, serving
from lmos.core.resources import Agent, Strategy
from tests.core.builders import agent, channel, provides, requires, wired


def test_the_highest_version_within_the_range_wins() -> None:
    resolution = resolve(
        [requires("view-bill", ">=1.0.0 <2.0.0")],
        agents=[
            agent("billing-a", provides("view-bill", "1.2.0")),
            agent("billing-b", provides("view-bill", "1.9.0")),
            agent("billing-c", provides("view-bill", "2.0.0")),
        ],
    )

    assert wired(resolution) == ["view-bill >=1.0.0 <2.0.0 → billing-b 1.9.0"]
    assert resolution.is_resolved


def test_most_similar_takes_the_lowest_version_within_the_range_as_in_the_original() -> None:
    resolution = resolve(
        [requires("view-bill", "^1.1.0", strategy=Strategy.MOST_SIMILAR)],
        agents=[
            agent("billing-a", provides("view-bill", "1.0.0")),
            agent("billing-b", provides("view-bill", "1.9.0")),
            agent("billing-c", provides("view-bill", "1.2.0")),
        ],
    )

    assert wired(resolution) == ["view-bill ^1.1.0 → billing-c 1.2.0"]


@pytest.mark.parametrize("strategy", Strategy)
def test_the_first_agent_by_name_wins_a_tie(strategy: Strategy) -> None:
    required = requires("view-bill", "^1", strategy=strategy)
    agents = [
        agent("b", provides("view-bill", "1.0.0")),
        agent("a", provides("view-bill", "1.0.0+build")),
    ]

    resolution = resolve([required], serving(channel(required), agents))

    assert wired(resolution) == ["view-bill ^1 → a 1.0.0+build"]


def test_one_name_in_two_ranges_makes_two_wires() -> None:
    resolution = resolve(
        [requires("view-bill", "^1"), requires("view-bill", "^2"), requires("view-bill", "^1")],
        agents=[agent("billing", provides("view-bill", "1.0.0"), provides("view-bill", "2.0.0"))],
    )

    assert wired(resolution) == ["view-bill ^1 → billing 1.0.0", "view-bill ^2 → billing 2.0.0"]


def test_names_are_compared_to_the_letter_and_ids_not_at_all() -> None:
    resolution = resolve(
        [requires("view-bill", "*", by_id="urn:bill"), requires("View-Bill", "*")],
        agents=[agent("billing", provides("view-bill", "1.0.0", with_id="urn:other"))],
    )

    assert wired(resolution) == ["view-bill * → billing 1.0.0"]


def test_a_requirement_without_a_name_is_met_by_id() -> None:
    resolution = resolve(
        [requires("", "^1", by_id="urn:bill")],
        agents=[agent("billing", provides("view-bill", "1.0.0", with_id="urn:bill"))],
    )

    assert wired(resolution) == ["urn:bill ^1 → billing 1.0.0"]


def test_one_malformed_provided_version_is_rejected_alone() -> None:
    broken = agent("broken", provides("view-bill", "one"), provides("pay-bill", "1.0"))

    resolution = resolve(
        [requires("view-bill", "*"), requires("pay-bill", "*")],
        agents=[broken, agent("billing", provides("view-bill", "1.0.0"))],
    )

    assert wired(resolution) == ["view-bill * → billing 1.0.0", "pay-bill * → broken 1.0"]
    assert [one.provided.version for one in resolution.rejected] == ["one"]


@pytest.mark.parametrize(
    ("wanted", "agents", "reason"),
    [
        ("^1", [], Reason.NOT_PROVIDED),
        ("^1", [agent("a", provides("pay-bill", "1.0.0"))], Reason.NOT_PROVIDED),
        ("^1", [agent("a", provides("view-bill", "2.0.0"))], Reason.OUT_OF_RANGE),
        ("^1", [agent("a", provides("view-bill", "one"))], Reason.INVALID_VERSION),
        ("^one", [agent("a", provides("view-bill", "1.0.0"))], Reason.INVALID_RANGE),
    ],
)
def test_what_is_not_met_says_why(wanted: str, agents: list[Agent], reason: Reason) -> None:
    required = requires("view-bill", wanted)

    resolution = resolve([required], agents)

    assert not resolution.is_resolved
    assert [(one.required, one.reason) for one in resolution.unresolved] == [(required, reason)]


def test_what_is_missing_does_not_keep_the_rest_from_being_wired() -> None:
    resolution = resolve(
        [requires("view-bill", "^1"), requires("pay-bill", "^1")],
        agents=[agent("billing", provides("view-bill", "1.0.0"))],
    )

    assert wired(resolution) == ["view-bill ^1 → billing 1.0.0"]
    assert [one.required.name for one in resolution.unresolved] == ["pay-bill"]
