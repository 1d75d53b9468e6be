"""Messages and files through the A2A door, to the Agent and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lmos.core.conversation import AgentResultType
from lmos.core.protocols.a2a import EXTENSION
from tests.ports.turns import answered, keep, record
from tests.runtime.test_agent_answers import PIECES
from tests.runtime.test_round_trip import BILL, PICTURE, PICTURED, REMARK, files_of, says

if TYPE_CHECKING:
    from tests.runtime.rig import Rig

PARTS = [
    [{"text": "Like this:", "mediaType": "text/plain"}, {"raw": "iVBORw0KGgo=", "mediaType": "image/png"}],
    [{"url": "https://files.example/bill.pdf", "mediaType": "application/pdf"}],
]


async def a2a(rig: Rig, method: str, *, parts: list[dict[str, Any]] | None = None) -> Any:
    said = [{"text": "there is no signal"}, *(parts or ())]
    message = {"messageId": "t1", "contextId": "c1", "role": "ROLE_USER", "parts": said}
    params = {"id": "c1/t1"} if method == "GetTask" else {"message": message}
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return await rig.http.post("/a2a/acme/web", json=call)


def results_in(response: Any) -> list[Any]:
    """What a stream of A2A tells."""
    return [
        json.loads(frame.removeprefix("data: "))["result"] for frame in response.text.split("\n\n") if frame
    ]


async def test_a_message_each_is_an_artifact_with_its_files(rig: Rig) -> None:
    rig.agents.answers("network", says(*PICTURED))

    sent = (await a2a(rig, "SendMessage")).json()["result"]["task"]
    kept = (await a2a(rig, "GetTask")).json()["result"]

    assert [each["parts"] for each in sent["artifacts"]] == PARTS
    assert kept["artifacts"] == sent["artifacts"]


async def test_streamed_pieces_are_replaced_by_artifacts_with_their_files(rig: Rig) -> None:
    rig.agents.answers("network", *PIECES, says(*PICTURED))

    _, *pieces, picture, bill, end = results_in(await a2a(rig, "SendStreamingMessage"))

    assert {each["artifactUpdate"]["artifact"]["artifactId"] for each in pieces} == {"answer"}
    updates = [each["artifactUpdate"] for each in (picture, bill)]
    assert [each["artifact"]["artifactId"] for each in updates] == ["answer", "answer-2"]
    assert [each["artifact"]["parts"] for each in updates] == PARTS
    assert [each["append"] for each in updates] == [False, False]
    assert end["statusUpdate"]["status"] == {"state": "TASK_STATE_COMPLETED"}


async def test_words_of_regret_keep_their_files_in_a_failed_task(rig: Rig) -> None:
    rig.agents.answers("network", says(*PICTURED, type_=AgentResultType.ERROR))

    task = (await a2a(rig, "SendMessage")).json()["result"]["task"]

    assert task["status"]["message"]["parts"] == [*PARTS[0], *PARTS[1]]
    assert task["metadata"][EXTENSION]["code"] == "AgentReportedError"


async def test_the_files_of_an_a2a_message_go_to_the_agent(rig: Rig) -> None:
    parts = [{"raw": PICTURE["dataAsBase64"], "mediaType": "image/png"}]
    parts += [{"url": BILL["source"], "mediaType": "application/pdf"}]

    await a2a(rig, "SendMessage", parts=parts)

    assert files_of(rig.agents.asked[-1].request.messages[-1]) == [PICTURE, BILL]


async def test_a_remark_on_the_way_brings_its_files_to_a2a(rig: Rig) -> None:
    rig.agents.answers("network", REMARK, "All is well.")

    _, remark, *_ = results_in(await a2a(rig, "SendStreamingMessage"))

    assert remark["statusUpdate"]["status"]["message"]["parts"] == PARTS[0]


async def test_a_task_that_was_kept_before_there_were_messages_is_read_back(rig: Rig) -> None:
    answer = {"content": "42 euros", "anonymizationEntities": []}
    await keep(rig.store, replace(answered(record()), answer=answer))

    task = (await a2a(rig, "GetTask")).json()["result"]

    assert task["artifacts"][0]["parts"] == [{"text": "42 euros", "mediaType": "text/plain"}]
