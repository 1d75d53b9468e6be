"""The language models that the environment names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from lmos.apps.models import language_model_of, router_models_of
from lmos.core.errors import InvalidInput
from lmos.router.prompts import PromptNotRendered

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("pydantic_ai", reason="needs lmos[llm]")

LOCAL = {"LLM_PROVIDER": "other", "LLM_BASE_URL": "http://localhost:8000/v1", "LLM_MODEL_NAME": "small"}
OPENAI = {"LLM_API_KEY": "sk-1"}


async def endpoint_of(environment: dict[str, str], prefix: str = "LLM_") -> Any:
    model = language_model_of(environment, prefix)
    assert model is not None
    await model.aclose()
    return model._endpoint  # noqa: SLF001 - what it was made of is told nowhere else


async def asking_at(environment: dict[str, str]) -> Any:
    """Where the model of clarifying questions is."""
    models = router_models_of(environment)
    await models.aclose()
    return models.models[-1]._endpoint  # noqa: SLF001 - the same


def test_where_nothing_is_said_there_is_no_model_and_nothing_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "lmos.adapters.language_model", None)

    models = router_models_of(
        {"LLM_MODEL_NAME": "", "LLM_MAX_TOKENS": "200", "DISAMBIGUATION_ENABLED": "true"}
    )

    assert (models.stages, models.disambiguation, models.models) == ((), None, ())


async def test_without_a_provider_it_is_openai() -> None:
    endpoint = await endpoint_of(OPENAI)

    assert (endpoint.url, endpoint.model) == ("https://api.openai.com/v1", "gpt-4o-mini")
    assert endpoint.dialect.name == "OPENAI"
    assert (endpoint.temperature, endpoint.max_tokens, endpoint.timeout_seconds) == (0.0, 2000, 10.0)
    assert "sk-1" not in repr(endpoint)


@pytest.mark.parametrize(
    ("provider", "written", "url", "dialect"),
    [
        ("other", "http://localhost:8000/v1/", "http://localhost:8000/v1", "SCHEMA"),
        ("ollama", "", "http://localhost:11434/v1", "SCHEMA"),
        ("ollama", "http://gpu:11434", "http://gpu:11434/v1", "SCHEMA"),
        ("azure_openai", "https://we.openai.azure.com/", "https://we.openai.azure.com/openai/v1", "OPENAI"),
        ("gemini", "", "https://generativelanguage.googleapis.com/v1beta/openai", "SCHEMA"),
        ("anthropic", "", "https://api.anthropic.com/v1", "TOOL"),
        ("openai", "https://proxy.example.com/v1", "https://proxy.example.com/v1", "OPENAI"),
    ],
)
async def test_each_provider_is_reached_by_its_openai_compatible_address(
    provider: str, written: str, url: str, dialect: str
) -> None:
    environment = {
        "LLM_PROVIDER": provider,
        "LLM_BASE_URL": written,
        "LLM_MODEL_NAME": "m",
        "LLM_API_KEY": "k",
    }

    endpoint = await endpoint_of(environment)

    assert (endpoint.url, endpoint.dialect.name) == (url, dialect)


async def test_bounds_are_the_environments_to_say() -> None:
    said = {"LLM_MAX_TOKENS": "300", "LLM_TEMPERATURE": "0.5", "LLM_TIMEOUT_SECONDS": "2.5"}
    endpoint = await endpoint_of({**LOCAL, **said, "LLM_TOKEN_BUDGET": "4000"})

    assert (endpoint.max_tokens, endpoint.temperature) == (300, 0.5)
    assert (endpoint.timeout_seconds, endpoint.token_budget) == (2.5, 4000)


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"LLM_PROVIDER": "azure_openai_identity"}, "LLM_PROVIDER is 'azure_openai_identity'"),
        ({"LLM_PROVIDER": "openai"}, "LLM_API_KEY is not set"),
        ({"LLM_PROVIDER": "ollama"}, "LLM_MODEL_NAME is not set"),
        ({"LLM_PROVIDER": "other", "LLM_MODEL_NAME": "m"}, "LLM_BASE_URL is no address"),
        ({**LOCAL, "LLM_BASE_URL": "user:secret@nowhere"}, "LLM_BASE_URL is no address of HTTP"),
        ({**LOCAL, "LLM_MAX_TOKENS": "many"}, "LLM_MAX_TOKENS is 'many'"),
        ({**LOCAL, "LLM_TEMPERATURE": "3"}, "LLM_TEMPERATURE is '3'"),
        ({**LOCAL, "LLM_TIMEOUT_SECONDS": "nan"}, "LLM_TIMEOUT_SECONDS is 'nan'"),
        ({**LOCAL, "LLM_TOKEN_BUDGET": "1"}, "LLM_TOKEN_BUDGET is '1'"),
        ({**LOCAL, "LLM_SYSTEM_PROMPT": "@/no/such/file"}, "LLM_SYSTEM_PROMPT names /no/such/file"),
    ],
)
def test_what_cannot_be_used_is_said(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        router_models_of(environment)

    assert problem in caught.value.message
    assert caught.value.hint
    assert "secret" not in caught.value.message


def test_a_model_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lmos.adapters.language_model", None)

    with pytest.raises(InvalidInput) as caught:
        router_models_of(LOCAL)

    assert caught.value.hint == "Install it: pip install 'lmos[llm]'"


async def test_a_prompt_is_a_template_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("@foreach{a : agents}")

    for written in ("@foreach{a : agents}", f"@{file}"):
        with pytest.raises(PromptNotRendered, match="without @end"):
            router_models_of({**LOCAL, "LLM_SYSTEM_PROMPT": written})


async def test_clarifying_questions_are_worded_by_the_routers_model_unless_said_otherwise() -> None:
    models = router_models_of(LOCAL)
    switched_off = router_models_of({**LOCAL, "DISAMBIGUATION_ENABLED": "false"})
    for each in (models, switched_off):
        await each.aclose()

    assert models.disambiguation is not None
    assert len(models.models) == len(switched_off.models) == 1
    assert switched_off.disambiguation is None


async def test_a_model_may_word_questions_without_choosing_agents() -> None:
    said = {f"DISAMBIGUATION_{name}": value for name, value in LOCAL.items()}
    models = router_models_of(said)
    await models.aclose()

    assert models.stages == ()
    assert models.disambiguation is not None


@pytest.mark.parametrize(
    ("own", "url", "model", "key"),
    [
        ({"MODEL_NAME": "large"}, "http://localhost:8000/v1", "large", "k"),
        ({"BASE_URL": "http://other:1/v1"}, "http://other:1/v1", "small", ""),
        ({"BASE_URL": "http://other:1/v1", "API_KEY": "own"}, "http://other:1/v1", "small", "own"),
        ({"PROVIDER": "ollama", "MODEL_NAME": "tiny"}, "http://localhost:11434/v1", "tiny", ""),
    ],
)
async def test_what_is_not_said_of_the_other_model_is_the_routers_but_no_key_goes_elsewhere(
    own: dict[str, str], url: str, model: str, key: str
) -> None:
    said = {f"DISAMBIGUATION_LLM_{name}": value for name, value in own.items()}
    endpoint = await asking_at({**LOCAL, "LLM_API_KEY": "k", "LLM_TIMEOUT_SECONDS": "3", **said})

    assert (endpoint.url, endpoint.model, endpoint.api_key) == (url, model, key)
    assert endpoint.timeout_seconds == 3
