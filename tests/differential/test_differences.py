"""The same requests to the embedded server and to a real one are answered alike."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.differential.comparing import differences, normalised
from tests.differential.histories import HERE, all_histories, answers, kinds_by_plural

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.differential.comparing import Difference
    from tests.differential.histories import History
    from tests.differential.servers import ApiServer

HISTORIES = tuple(all_histories())
pytestmark = pytest.mark.kube


def listed_places() -> list[str]:
    """Where answers differ on purpose, as `history / number of the step / place in the answer`."""
    listed = yaml.safe_load((HERE / "differences.yaml").read_text(encoding="utf-8"))
    return [place for item in listed for place in item["places"]]


@cache
def covers(place: str) -> re.Pattern[str]:
    """Matches that place, and what is below it."""
    return re.compile(".*".join(map(re.escape, place.split("*"))) + r"(?![^.\[ ]).*")


@pytest.fixture(scope="module")
def observed(servers: tuple[ApiServer, ApiServer]) -> Callable[[History], dict[str, Difference]]:
    """What differs in the answers to a history, by place."""
    kinds = kinds_by_plural()
    known: dict[str, dict[str, Difference]] = {}

    def observe(history: History) -> dict[str, Difference]:
        if history.name in known:
            return known[history.name]
        with ThreadPoolExecutor() as pool:
            ours, theirs = pool.map(lambda server: answers(history, server.client, kinds), servers)
        known[history.name] = {
            f"{history.name} / {number} / {difference.place}": difference
            for number, (our, their) in enumerate(zip(ours, theirs, strict=True), start=1)
            for difference in differences(normalised(our), normalised(their))
        }
        return known[history.name]

    return observe


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.name)
def test_answers_differ_only_where_the_list_says_so(
    history: History, observed: Callable[[History], dict[str, Difference]]
) -> None:
    listed = [covers(place) for place in listed_places()]
    unlisted = {
        place: (difference.ours, difference.theirs)
        for place, difference in observed(history).items()
        if not any(pattern.fullmatch(place) for pattern in listed)
    }

    assert unlisted == {}, "mend it, or list it with a reason in differences.yaml"


def test_every_listed_difference_is_still_there(
    observed: Callable[[History], dict[str, Difference]],
) -> None:
    seen = [place for history in HISTORIES for place in observed(history)]
    asked = sum(len(history.steps) for history in HISTORIES)
    differing = {tuple(place.split(" / ")[:2]) for place in seen}
    print(f"{asked} requests, {asked - len(differing)} of them answered wholly alike")

    assert [place for place in listed_places() if not any(map(covers(place).fullmatch, seen))] == []
