"""Prompt templates, as the original's are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.router.default_prompts import CHOOSE, CLARIFY, INTRODUCE
from lmos.router.prompts import PromptNotRendered, PromptTemplate

VARIABLES: dict[str, Any] = {
    "tenant": "de",
    "agent": {"id": "billing", "limits": {"turns": 3}},
    "names": ["a", "b", "c"],
    "nobody": [],
    "agents": [
        {"id": "billing", "capabilities": [{"id": "view"}, {"id": "pay"}]},
        {"id": "network", "capabilities": []},
    ],
}


def rendered(template: str) -> str:
    return PromptTemplate.parse(template).render(VARIABLES)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("", ""),
        ("no tags, me@example.com, {braces}, $money", "no tags, me@example.com, {braces}, $money"),
        ("@{tenant}", "de"),
        ("<@{ agent.id }>", "<billing>"),
        ("@{agent.limits.turns} turns", "3 turns"),
        ("@{names}", '["a", "b", "c"]'),
        ("@foreach{x : names}@{x}@end{}", "abc"),
        ("@foreach{x:names}@{x}@end{', '}", "a, b, c"),
        ('@foreach{x : names}@{x}@end{" - "}', "a - b - c"),
        ("@foreach{x : names}@{x}@end{'}'}!", "a}b}c!"),
        ("[@foreach{x : nobody}@{x}@end{','}]", "[]"),
        (
            "@foreach{a : agents}@{a.id}(@foreach{c : a.capabilities}@{c.id}@end{'+'})@end{'; '}.",
            "billing(view+pay); network().",
        ),
        ("@foreach{tenant : names}@{tenant}@end{}@{tenant}", "abcde"),
        ("@foreach{x : names}\n- @{x}@end{}", "\n- a\n- b\n- c"),
    ],
)
def test_a_template_renders(template: str, expected: str) -> None:
    assert rendered(template) == expected


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("@{tennant}", "there is no tennant"),
        ("@{agent.name}", "there is no agent.name"),
        ("@{tenant.name}", "there is no tenant.name"),
        ("@{tenant", "@{ is not closed"),
        ("@{}", "is not of the form @{path.to.property}"),
        ("@{1 + 1}", "'1 + 1' is not of the form"),
        ("@foreach{names}@end{}", "is not of the form @foreach{name : path.to.list}"),
        ("@foreach{x : names}@{x}", "@foreach without @end{}"),
        ("@foreach{x : tenant}@{x}@end{}", "tenant is no list"),
        ("@foreach{x : agent}@{x}@end{}", "agent is no list"),
        ("@foreach{x : names}@{x}@end{, }", "is not of the form @end{'separator'}"),
        ("@end{}", "@end without @foreach"),
        ("@if{tenant}yes@end{}", "@if is unknown"),
    ],
)
def test_a_template_that_cannot_be_rendered_says_why(template: str, problem: str) -> None:
    with pytest.raises(PromptNotRendered) as caught:
        rendered(template)

    assert caught.value.message.startswith("Failed to render prompt template: ")
    assert problem in caught.value.message


@given(st.text())
def test_text_without_tags_stays_as_it_is(text: str) -> None:
    plain = text.replace("{", "(")

    assert rendered(plain) == plain


@given(st.text())
def test_values_are_never_rendered_themselves(value: str) -> None:
    template = PromptTemplate.parse("<@{value}>@foreach{x : values}@{x}@end{}")
    tricky = f"@{{tenant}}{value}@foreach{{x : values}}@end{{}}"

    assert template.render({"value": tricky, "values": [tricky]}) == f"<{tricky}>{tricky}"


@pytest.mark.parametrize("prompts", [CHOOSE, INTRODUCE, CLARIFY])
def test_there_is_a_prompt_in_every_language(prompts: dict[str, PromptTemplate]) -> None:
    told = {language: prompt.render(VARIABLES) for language, prompt in prompts.items()}

    assert set(told) == {"de", "en"}
    assert told["de"] != told["en"]
