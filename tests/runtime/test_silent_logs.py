"""What users say, and the tokens that they bring, is in no log: at any door, at any level, whatever fails."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from lmos.apps.logs import configure_logging
from lmos.core.conversation import message_result
from lmos.ports.agents import AgentFailed, AgentLost, AgentTimeout, AgentUnavailable
from lmos.ports.store import StoreUnavailable
from lmos.testing.waiting import eventually
from tests.runtime.rig import agent as agent_manifest
from tests.runtime.rig import body, running
from tests.runtime.rig import routing as routing_manifest
from tests.runtime.test_graphql import asked, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from tests.runtime.rig import Rig

WORDS, TOKEN = "my-secret-words", "my-secret-token"
SECRETS = (WORDS, TOKEN, "my-secret-answer")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that a service would log, at the level of the most words."""
    stream = io.StringIO()
    root = logging.getLogger()
    monkeypatch.setenv("LMOS_LOG_LEVEL", "debug")
    monkeypatch.setattr(root, "handlers", [])
    configure_logging(stream)
    # Loggers of modules must not remember this stream.
    structlog.configure(cache_logger_on_first_use=False)
    level = root.level
    yield stream
    structlog.reset_defaults()
    root.setLevel(level)


@pytest.fixture
async def silent(logged: io.StringIO) -> AsyncIterator[Rig]:
    """A runtime whose log is `logged`."""
    assert not logged.getvalue()
    async with running() as rig:
        await rig.serve(agent_manifest("billing", "billing"), routing_manifest("billing"))
        yield rig


async def by_rest(rig: Rig, **headers: str) -> None:
    content = body(WORDS, explicit="billing")
    content["userContext"]["userToken"] = TOKEN
    path = "/apis/v1/acme/chat/c1/message"
    sent = {"x-turn-id": "t1", "authorization": f"Bearer {TOKEN}", **headers}
    await rig.http.post(path, json=content, headers=sent)


async def by_events(rig: Rig) -> None:
    await by_rest(rig, accept="text/event-stream")


async def by_openai(rig: Rig) -> None:
    content = {"model": "acme/web/billing", "messages": [{"role": "user", "content": WORDS}]}
    content["lmos"] = {"userToken": TOKEN}  # type: ignore[assignment] # JSON
    headers = {"authorization": f"Bearer {TOKEN}"}
    await rig.http.post("/v1/chat/completions", json=content, headers=headers)


async def by_graphql(rig: Rig) -> None:
    content = request(WORDS)
    content["userContext"]["userToken"] = TOKEN
    await asked(rig, content)


def answers(rig: Rig) -> None:
    rig.agents.answers("billing", "my-secret-answer")


def fails(error: Exception) -> Callable[[Rig], None]:
    def fail(rig: Rig) -> None:
        said = message_result(f"{WORDS} my-secret-answer")
        rig.agents.fails("billing", error, after=(said,))  # type: ignore[arg-type] # bugs are no LmosError

    return fail


def store_fails(error: Exception) -> Callable[[Rig], None]:
    def fail(rig: Rig) -> None:
        async def finish(*_: Any) -> None:
            raise error

        answers(rig)
        rig.store.finish = finish

    return fail


@pytest.mark.parametrize("door", [by_rest, by_events, by_openai, by_graphql])
@pytest.mark.parametrize(
    "world",
    [
        answers,
        fails(AgentFailed(f"It said {WORDS} and {TOKEN}.")),
        fails(AgentUnavailable(WORDS)),
        fails(AgentLost(WORDS)),
        fails(AgentTimeout(WORDS)),
        fails(ValueError(f"cannot read {WORDS} of {TOKEN}")),
        store_fails(StoreUnavailable("The disk is full.")),
        store_fails(KeyError(TOKEN)),
    ],
    ids=["answered", "failed", "unavailable", "lost", "late", "bug", "no store", "bug in store"],
)
async def test_a_turn_leaves_no_words_in_the_log(
    silent: Rig, logged: io.StringIO, door: Callable[[Rig], Awaitable[None]], world: Callable[[Rig], None]
) -> None:
    world(silent)
    await door(silent)
    await eventually(lambda: "turn_over" in logged.getvalue())

    told = [secret for secret in SECRETS if secret in logged.getvalue()]
    assert told == [], logged.getvalue()


async def test_an_explanation_leaves_no_words_in_logs_and_metrics(silent: Rig, logged: io.StringIO) -> None:
    answers(silent)
    for turn, said in (("t1", f"about billing {WORDS}"), ("t2", f"and {WORDS}?")):
        await silent.post(body(said), headers={"x-turn-id": turn})
        explained = await silent.http.get(f"/apis/v1/turns/{turn}/explanation")
        assert WORDS in explained.text

    metrics = (await silent.http.get("/metrics")).text
    told = [secret for secret in SECRETS if secret in logged.getvalue() + metrics]
    assert told == []


async def test_a_request_that_cannot_be_read_leaves_no_words(silent: Rig, logged: io.StringIO) -> None:
    for content in ({"inputContext": WORDS}, body({"role": "user", "content": [WORDS]}), [WORDS]):
        await silent.post(content, headers={"x-turn-id": TOKEN})

    assert not any(secret in logged.getvalue() for secret in SECRETS)


async def test_the_line_of_a_turn_leads_to_its_record_and_to_its_trace(
    silent: Rig, logged: io.StringIO
) -> None:
    answers(silent)
    await silent.ask(turn="t7", headers={"traceparent": f"00-{'a' * 32}-{'1' * 16}-01"})
    await eventually(lambda: "turn_over" in logged.getvalue())

    (line,) = (json.loads(line) for line in logged.getvalue().splitlines() if "turn_over" in line)
    assert (line["turn"], line["trace_id"]) == ("t7", "a" * 32)
    assert (await silent.why("t7"))["decision"]["trace_id"] == line["trace_id"]


async def test_a_bug_is_told_by_its_kind_and_its_place(silent: Rig, logged: io.StringIO) -> None:
    fails(ValueError(WORDS))(silent)
    await by_rest(silent)

    (line,) = (json.loads(line) for line in logged.getvalue().splitlines() if "turn_broke" in line)
    assert line["exception"].startswith("builtins.ValueError\n")
    assert "in answer_of" in line["exception"]
