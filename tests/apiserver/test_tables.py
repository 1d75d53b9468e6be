from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lmos.apiserver.builtin import builtin_resources
from lmos.apiserver.kinds import resources_of
from lmos.apiserver.tables import age, table
from tests.apiserver.builders import definition, widget

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
(WIDGET,) = resources_of(definition()["spec"])


def test_a_row_has_the_name_and_a_cell_for_each_column() -> None:
    manifest = widget("w", metadata={"creationTimestamp": "2026-01-01T11:55:00Z"}, weight=7)

    answer = table(WIDGET, [manifest], {"resourceVersion": "5"}, NOW)

    assert [column["name"] for column in answer["columnDefinitions"]] == ["Name", "Weight", "Age"]
    assert answer["rows"][0]["cells"] == ["w", 7, "5m"]
    assert answer["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_a_value_that_is_absent_is_an_empty_cell() -> None:
    assert table(WIDGET, [widget("w")], {}, NOW)["rows"][0]["cells"] == ["w", None, None]


@pytest.mark.parametrize(
    ("kind", "manifest", "cells"),
    [
        ("Deployment", {"spec": {"replicas": 3}, "status": {"readyReplicas": 1}}, {"Ready": "1/3"}),
        ("Deployment", {"spec": {"replicas": 3}}, {"Ready": "0/3"}),
        ("ConfigMap", {"data": {"a": "1", "b": "2"}}, {"Data": 2}),
        ("ConfigMap", {}, {"Data": 0}),
        ("Service", {"spec": {"ports": [{"port": 80}, {"port": 443}]}}, {"Port(s)": "80/TCP,443/TCP"}),
    ],
)
def test_built_in_kinds_count_and_join(kind: str, manifest: Any, cells: Any) -> None:
    (resource,) = (item for item in builtin_resources() if item.kind.kind == kind)

    answer = table(resource, [{"metadata": {"name": "x"}, **manifest}], {}, NOW)

    shown = dict(
        zip((c["name"] for c in answer["columnDefinitions"]), answer["rows"][0]["cells"], strict=True)
    )
    assert shown.items() >= cells.items()


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=5), "5s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=3), "3m"),
        (timedelta(minutes=3, seconds=20), "3m20s"),
        (timedelta(minutes=10, seconds=20), "10m"),
        (timedelta(minutes=179), "179m"),
        (timedelta(hours=5, minutes=7), "5h7m"),
        (timedelta(hours=8, minutes=7), "8h"),
        (timedelta(days=3, hours=4), "3d4h"),
        (timedelta(days=9, hours=4), "9d"),
        (timedelta(days=800), "2y70d"),
        (timedelta(days=9 * 365), "9y"),
        (timedelta(seconds=-5), "0s"),
    ],
)
def test_an_age_in_words(passed: timedelta, words: str) -> None:
    assert age((NOW - passed).isoformat(), NOW) == words


def test_a_time_that_cannot_be_read_is_no_crash() -> None:
    assert age("yesterday", NOW) == "<invalid>"
