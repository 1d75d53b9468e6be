"""What the runtime counts, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from tests.runtime.rig import Rig


async def counted(rig: Rig, words: str) -> list[str]:
    """The lines that hold these words, once there are any."""

    async def look() -> list[str]:
        lines = (await rig.http.get("/metrics")).text.splitlines()
        return [line for line in lines if words in line and not line.startswith("#")]

    found: list[str] = await eventually(look)
    return found


async def test_turns_are_counted_by_where_they_went_and_how_they_ended(rig: Rig) -> None:
    rig.agents.answers("billing", "42 euros")
    for turn in ("t1", "t2"):
        await rig.ask("hello", turn=turn)
    await rig.ask("again", turn="t1")

    (line,) = await counted(rig, 'lmos_turns_total{agent="billing"')
    assert 'channel="web"' in line
    assert 'outcome="answered"' in line
    assert line.endswith(" 3.0")
    assert (await counted(rig, "lmos_turn_seconds_count"))[0].endswith(" 3.0")
    assert (await counted(rig, "lmos_turns_running")) == ["lmos_turns_running 0.0"]


async def test_what_a_client_makes_up_is_no_label(rig: Rig) -> None:
    for number in range(20):
        await rig.ask("hello", tenant=f"made-up-{number}", turn=f"t{number}")

    line, *_ = await counted(rig, 'error="NoRoutingInfo"')
    assert 'tenant=""' in line
    assert line.endswith(" 20.0")
    assert "made-up" not in (await rig.http.get("/metrics")).text


async def test_a_failed_turn_counts_with_its_code(rig: Rig) -> None:
    rig.agents.answers("network", "All is well")
    await rig.ask("hello", explicit="network", turn="t1")
    await rig.ask("hello", explicit="nobody", turn="t2")

    assert await counted(rig, 'error="AgentNotInRouting"')


async def test_no_words_of_users_are_told(rig: Rig) -> None:
    rig.agents.answers("billing", "your secret is safe")
    await rig.ask("my secret is 1234")
    await counted(rig, "lmos_turns_total")

    assert "secret" not in (await rig.http.get("/metrics")).text
