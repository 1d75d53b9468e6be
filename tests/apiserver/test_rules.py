from __future__ import annotations

from typing import Any

import pytest

from lmos.apiserver.rules import Rules, evaluate

SPEC_RULES = [
    {"rule": "self.weight <= 90 || self.image.startsWith('stable')", "message": "heavy needs stable"},
]
TRANSITION = [{"rule": "self == oldSelf", "message": "is immutable"}]


def rules(**properties: Any) -> Rules:
    return Rules({"type": "object", "properties": properties})


def test_a_rule_that_holds_says_nothing() -> None:
    spec = rules(spec={"x-kubernetes-validations": SPEC_RULES})

    assert spec.problems({"spec": {"weight": 90, "image": "a"}}) == ()


def test_a_broken_rule_says_its_message_at_its_place() -> None:
    spec = rules(spec={"x-kubernetes-validations": SPEC_RULES})

    (problem,) = spec.problems({"spec": {"weight": 95, "image": "a"}})

    assert (problem.field, problem.message) == ("spec", "Invalid value: heavy needs stable")


def test_rules_reach_items_and_the_values_of_maps() -> None:
    positive = [{"rule": "self > 0"}]
    tree = rules(
        numbers={"items": {"x-kubernetes-validations": positive}},
        limits={"additionalProperties": {"x-kubernetes-validations": positive}},
    )

    problems = tree.problems({"numbers": [1, 0], "limits": {"a": -1, "b": 1}})

    assert [problem.field for problem in problems] == ["numbers[1]", "limits.a"]


def test_a_transition_rule_holds_for_changes_only() -> None:
    name = rules(name={"x-kubernetes-validations": TRANSITION})

    assert name.problems({"name": "a"}) == ()
    assert name.problems({"name": "a"}, {"name": "a"}) == ()
    assert [problem.field for problem in name.problems({"name": "b"}, {"name": "a"})] == ["name"]


def test_an_unchanged_value_is_not_judged_again() -> None:
    spec = rules(spec={"x-kubernetes-validations": SPEC_RULES})
    broken = {"spec": {"weight": 95, "image": "a"}}

    assert spec.problems(broken, broken) == ()


def test_a_message_can_be_computed() -> None:
    declared = {"rule": "self <= 3", "messageExpression": "'got ' + string(self)"}

    (problem,) = rules(n={"x-kubernetes-validations": [declared]}).problems({"n": 5})

    assert problem.message == "Invalid value: 5: got 5"


def test_a_rule_that_cannot_be_evaluated_refuses() -> None:
    (problem,) = rules(n={"x-kubernetes-validations": [{"rule": "self.absent > 1"}]}).problems({"n": {}})

    assert "could not be evaluated" in problem.message


def test_a_rule_that_is_no_cel_is_found_when_the_definition_is_checked() -> None:
    with pytest.raises(ValueError, match="parse"):
        rules(n={"x-kubernetes-validations": [{"rule": "self >"}]}).check()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("duration(self) >= duration('1ms')", "1s"),
        ("self.split('/')[0].size() < 5", "abcd/efghij"),
        ("self.substring(0, 2) == 'ab'", "abc"),
        ("url(self).getScheme() in ['http', 'https']", "http://example.com"),
        ("isURL(self)", "http://example.com"),
        ("!isURL(self)", "no url"),
        ("isIP(self)", "10.0.0.1"),
        ("!isIP(self)", "ten"),
        ("self.all(k, k.matches('^[a-z]+$'))", {"abc": 1}),
        ("self.exists_one(x, x.name == 'a')", [{"name": "a"}, {"name": "b"}]),
        ("has(self.a) ? self.a == 1 : true", {"a": 1}),
        ("self <= 1", 0.5),
    ],
)
def test_the_functions_that_definitions_rely_on_are_there(expression: str, value: Any) -> None:
    assert evaluate(expression, {"self": value}) is True
