"""Conditions say since when something is so."""

from datetime import UTC, datetime

from lmos.core.resources import Condition, condition_of, subset_of, with_condition

THEN = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
NOW = datetime(2026, 1, 1, 13, 0, 0, 123456, tzinfo=UTC)
READY = Condition(type="Ready", status="True", reason="Ready", last_transition_time=THEN)


def test_a_new_condition_holds_since_now_to_the_second() -> None:
    (condition,) = with_condition((), Condition(type="Ready", status="True", reason="Ready"), NOW)

    assert condition.last_transition_time == NOW.replace(microsecond=0)


def test_the_same_status_keeps_its_time_whatever_the_reason() -> None:
    (condition,) = with_condition((READY,), Condition(type="Ready", status="True", reason="Other"), NOW)

    assert condition.reason == "Other"
    assert condition.last_transition_time == THEN


def test_another_status_holds_since_now_and_stays_in_its_place() -> None:
    accepted = Condition(type="Accepted", status="True", reason="Accepted", last_transition_time=THEN)
    failed = Condition(type="Ready", status="False", reason="Broken")

    conditions = with_condition((READY, accepted), failed, NOW)

    assert [condition.type for condition in conditions] == ["Ready", "Accepted"]
    ready = condition_of(conditions, "Ready")
    assert ready is not None
    assert ready.last_transition_time == NOW.replace(microsecond=0)


def test_an_absent_and_an_empty_subset_label_mean_stable() -> None:
    assert [subset_of(labels) for labels in ({}, {"subset": ""}, {"subset": "canary"})] == [
        "stable",
        "stable",
        "canary",
    ]
