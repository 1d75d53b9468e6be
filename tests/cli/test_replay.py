"""Which past Turns would now go elsewhere: `lmos route replay`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from lmos.adapters.sqlite import SqliteStore
from lmos.apps.route_replay import UnknownMoment, moment_of
from lmos.router import RouteDecision
from tests.ports.turns import answered, record, state
from tests.router.rosters import BILLS, FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.cli.conftest import Said
    from tests.e2e.running import Up

TURNS = {
    "t1": ("show me my bill", "billing", "c1"),
    "t2": ("why is there no signal here", "network", "c2"),
    "t3": ("my internet is down", "network", "c3"),
    "t4": ("and why?", "network", "c3"),
    "t5": ("is the signal weak", "network", "c4"),
}
SIGNALS = [text for text in FAULTS if "signal" in text]
OTHER_FAULTS = [text for text in FAULTS if "signal" not in text]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMOS_ENCODER", "tfidf")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a runtime that answered the Turns above, and one whose text is not to be used."""
    folder = tmp_path / "data"
    folder.mkdir()
    asyncio.run(_fill(folder / "conversations.db"))
    return folder


async def _fill(path: Path) -> None:
    store = SqliteStore(path)
    hidden = {"t6": ("there is no signal", "network", "c6")}
    for turn, (question, agent, conversation) in (TURNS | hidden).items():
        begun = replace(record(turn, question, conversation=conversation), received_at=datetime.now(UTC))
        decision = RouteDecision(agent, "follow-up" if turn == "t4" else "vector", "", probability=0.9)
        over = answered(begun)
        kept = decision.to_json() | ({"text_kept": False} if turn in hidden else {})
        over = replace(over, decision=kept, turn=replace(over.turn, agent=agent))
        await store.begin(begun)
        await store.finish(over, state(over, agent=agent))
    store.close()


def agent(name: str, **capabilities: Sequence[str]) -> dict[str, Any]:
    provided = [
        {"name": can, "version": "1.0.0", "examples": list(said)} for can, said in capabilities.items()
    ]
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Agent",
        "metadata": {"name": name},
        "spec": {"supportedChannels": ["web"], "providedCapabilities": provided},
    }


def channel(*required: str) -> dict[str, Any]:
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": {"name": "acme-web", "labels": {"tenant": "acme", "channel": "web"}},
        "spec": {"requiredCapabilities": [{"name": name, "version": "^1.0"} for name in required]},
    }


def written(folder: Path, *manifests: dict[str, Any]) -> str:
    folder.mkdir()
    (folder / "all.yaml").write_text(yaml.safe_dump_all(manifests))
    return str(folder)


@pytest.fixture
def unchanged(tmp_path: Path) -> str:
    return written(tmp_path / "as-it-was", agent("billing", bills=BILLS), agent("network", faults=FAULTS))


@pytest.fixture
def regressed(tmp_path: Path) -> str:
    """Somebody has moved what is said of signals to the wrong Agent."""
    return written(
        tmp_path / "regressed",
        agent("billing", bills=BILLS, signals=SIGNALS),
        agent("network", faults=OTHER_FAULTS),
    )


def replayed(lmos: Callable[..., Said], data: Path, against: str, *more: str) -> Said:
    return lmos("route", "replay", "--data", str(data), "--against", against, *more)


def test_without_a_change_every_turn_goes_where_it_went(
    lmos: Callable[..., Said], data: Path, unchanged: str
) -> None:
    said = replayed(lmos, data, unchanged, "-o", "json")

    assert said.status == 0
    assert said.json == {
        "replayed": 5,
        "same": 5,
        "moved": 0,
        "nowAnswered": 0,
        "nowAskedBack": 0,
        "lostShare": 0.0,
        "skipped": {"no text kept": 1},
        "turns": [],
    }


def test_exactly_the_turns_of_a_planted_regression_are_found(
    lmos: Callable[..., Said], data: Path, regressed: str
) -> None:
    said = replayed(lmos, data, regressed, "--since", "1d", "-o", "json")

    assert (said.status, said.json["moved"], said.json["same"]) == (1, 2, 3)
    assert [turn["turn"] for turn in said.json["turns"]] == ["t2", "t5"]
    moved = said.json["turns"][0]
    assert (moved["question"], moved["outcome"]) == ("why is there no signal here", "moved")
    assert (moved["before"]["agent"], moved["before"]["probability"]) == ("network", 0.9)
    assert (moved["after"]["agent"], moved["after"]["capability"]) == ("billing", "signals")
    assert moved["after"]["probability"] > 0.5


def test_people_read_it_as_a_table(lmos: Callable[..., Said], data: Path, regressed: str) -> None:
    said = replayed(lmos, data, regressed)

    assert said.status == 1
    assert said.out.splitlines()[1].split()[:3] == ["moved", "t2", "acme/web"]
    assert "Turns routed again 5: same 3, moved 2" in said.err
    assert "Skipped: no text kept 1." in said.err


@pytest.mark.parametrize(("said", "replays"), [("none", 0), ("all,acme=none", 0), ("all,globex=none", 5)])
def test_turns_of_a_tenant_that_allows_no_words_are_left_out(
    lmos: Callable[..., Said],
    data: Path,
    unchanged: str,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    replays: int,
) -> None:
    monkeypatch.setenv("LMOS_RECORD_TEXT", said)
    told = replayed(lmos, data, unchanged, "-o", "json").json

    assert (told["replayed"], told["skipped"]) == (replays, {"no text kept": 6 - replays})


@pytest.mark.parametrize(("share", "status"), [("0.3", 1), ("0.4", 0)])
def test_some_turns_may_be_allowed_to_move(
    lmos: Callable[..., Said], data: Path, regressed: str, share: str, status: int
) -> None:
    assert replayed(lmos, data, regressed, "--fail-above", share).status == status


def test_channels_in_the_folder_say_what_is_offered(
    lmos: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    agents = agent("billing", bills=BILLS), agent("network", faults=FAULTS)
    against = written(tmp_path / "bills-only", *agents, channel("bills"))
    said = replayed(lmos, data, against, "-o", "json")

    assert said.status == 1
    assert (said.json["same"], said.json["nowAskedBack"]) == (1, 4)


def test_turns_of_a_channel_that_is_gone_are_skipped(
    lmos: Callable[..., Said], data: Path, tmp_path: Path
) -> None:
    other = agent("billing", bills=BILLS)
    other["spec"]["supportedChannels"] = ["app"]
    said = replayed(lmos, data, written(tmp_path / "other", other), "-o", "json")

    assert (said.status, said.json["replayed"]) == (0, 0)
    assert said.json["skipped"] == {"Channel gone": 5, "no text kept": 1}


def test_turns_are_chosen_by_time_tenant_channel_and_number(
    lmos: Callable[..., Said], data: Path, unchanged: str
) -> None:
    def count(*more: str) -> int:
        return int(replayed(lmos, data, unchanged, "-o", "json", *more).json["replayed"])

    assert count("--since", "2999-01-01") == 0
    assert count("-t", "globex") == 0
    assert count("-t", "acme", "-c", "web") == 5
    assert count("--limit", "3") == 2


def test_what_cannot_be_used_is_an_error_with_a_next_step(
    lmos: Callable[..., Said],
    data: Path,
    unchanged: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "is no moment" in replayed(lmos, data, unchanged, "--since", "yesterday").err
    assert "there is no manifest here" in replayed(lmos, data, str(tmp_path / "nowhere")).err
    assert "There are no Conversations" in replayed(lmos, tmp_path, unchanged).err
    monkeypatch.setenv("LMOS_RECORD_TEXT", "some")
    assert "'some' is no level" in replayed(lmos, data, unchanged).err


NOW = datetime(2026, 11, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T08:30", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        ("2026-11-01T08:30+02:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    ],
)
def test_moments(said: str, moment: datetime) -> None:
    assert moment_of(said, NOW) == moment


@pytest.mark.parametrize("said", ["", "0d", "7 days", "yesterday", "2026-13-01"])
def test_what_is_no_moment(said: str) -> None:
    with pytest.raises(UnknownMoment):
        moment_of(said, NOW)


@pytest.mark.e2e
def test_turns_of_a_running_lmos_are_replayed_against_its_routings(
    lmos: Callable[..., Said], up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LMOS_ENCODER")
    asked = lmos("ask", "how much is my bill", "-t", "demo", "-c", "web", "-o", "json")
    said = lmos("route", "replay", "--against", "routing", "-o", "json")

    assert up.endpoints
    assert asked.status == 0
    assert (said.status, said.json["turns"]) == (0, [])
    assert said.json["same"] >= 1
