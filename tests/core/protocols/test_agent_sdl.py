"""The schema that clients read is the one that subscriptions are held to."""

from __future__ import annotations

import re

import pytest

from lmos.core.protocols.agent_api import subscription_in
from lmos.core.protocols.agent_sdl import SDL
from lmos.core.protocols.graphql_values import GraphQlInvalid

TYPES = {
    name: dict(re.findall(r"^  (\w+)(?:\(.*\))?: \[?(\w+)", fields, re.MULTILINE))
    for name, fields in re.findall(r"^type (\w+) \{(.*?)^\}", SDL, re.MULTILINE | re.DOTALL)
}
REQUEST = {"messages": [], "conversationContext": {"conversationId": "c1"}}


def everything(type_: str) -> str:
    """A selection of all fields of a type, and of theirs."""
    fields = (
        f"{field} {everything(inner)}" if inner in TYPES else field for field, inner in TYPES[type_].items()
    )
    return f"{{ {' '.join(fields)} }}"


def subscribe(selection: str) -> None:
    document = f"subscription($request: AgentRequestInput!) {{ agent(request: $request) {selection} }}"
    subscription_in({"query": document, "variables": {"request": REQUEST}})


def test_every_field_of_the_schema_can_be_asked_for() -> None:
    assert {"AgentResult", "Message", "ToolCall"} <= set(TYPES)

    subscribe(everything("AgentResult"))


@pytest.mark.parametrize("type_", sorted(set(TYPES) - {"Query", "Subscription", "Agents"}))
def test_no_other_field_can(type_: str) -> None:
    selection = everything("AgentResult").replace(everything(type_), "{ secrets }")

    with pytest.raises(GraphQlInvalid, match=f"'secrets' in type '{type_}' is undefined"):
        subscribe(selection)
