"""One model behind an OpenAI-compatible API."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2
import jsonschema_rs
from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI
from pydantic_ai.direct import model_request
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from lmos.adapters.language_model.bounded import AnswerTooLarge, BoundedTransport
from lmos.adapters.language_model.endpoint import Dialect
from lmos.adapters.language_model.pause import FAILURES_TO_PAUSE, NO_PAUSE, PAUSE_SECONDS
from lmos.adapters.language_model.reading import within
from lmos.core.conversation import ASSISTANT, SYSTEM
from lmos.ports.models import ModelAnswer, ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lmos.adapters.language_model.endpoint import Endpoint
    from lmos.core.conversation import Message
    from lmos.ports.clock import Clock

Cause = TypeVar("Cause", bound=Exception)

_ATTEMPTS = 2
_CHARACTERS_A_TOKEN = 4
_ANSWER = "answer"


class PydanticAiModel:
    """
    A `LanguageModel` at an endpoint.

    An answer that does not keep to its schema is sent back once, with what is wrong. An endpoint that fails
    several times in a row is left alone for a while. Nothing in the environment counts, such as proxies.

    Args:
        endpoint: Where it is.
        clock: Measures the pauses.
    """

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self.name = endpoint.model
        self._endpoint = endpoint
        self._clock = clock
        self._pause = NO_PAUSE
        self._http = httpx2.AsyncClient(
            transport=BoundedTransport(), timeout=endpoint.timeout_seconds, trust_env=False
        )
        self._model = _model(endpoint, self._http)
        self._settings = ModelSettings(temperature=endpoint.temperature, max_tokens=endpoint.max_tokens)

    async def answer(
        self, instructions: str, messages: Sequence[Message], schema: Mapping[str, Any]
    ) -> ModelAnswer:
        """
        An object that keeps to `schema`.

        The oldest of `messages` are left out where all would be more than the token budget.

        Raises:
            ModelUnavailable: There is none within the deadline; the message quotes nobody.
        """
        now = self._clock.monotonic()
        if not self._pause.admits(now):
            raise self._unavailable(
                f"failed {FAILURES_TO_PAUSE} times in a row and is left alone for a while"
            )
        self._pause = self._pause.asking(now)
        most = self._endpoint.token_budget * _CHARACTERS_A_TOKEN - len(instructions)
        asked = [_system(instructions), *map(_model_message, within(messages, most))]
        try:
            async with asyncio.timeout(self._endpoint.timeout_seconds):
                answer = await self._answer_to(asked, dict(schema))
        except Exception as error:  # a vendor's errors are many, and may quote what was said
            self._pause = self._pause.failed(self._clock.monotonic())
            raise self._unavailable(self._what_happened(error)) from error
        self._pause = NO_PAUSE
        if answer is None:
            raise self._unavailable("answered with something else than what was asked for, also when told so")
        return answer

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _answer_to(self, asked: list[ModelMessage], schema: dict[str, Any]) -> ModelAnswer | None:
        """An answer that keeps to `schema`; None if there is none, also when told what is wrong."""
        valid = jsonschema_rs.Draft202012Validator(schema)
        wanted = _wanted(schema, self._endpoint.dialect)
        read = written = 0
        for _ in range(_ATTEMPTS):
            response = await model_request(
                self._model, asked, model_settings=self._settings, model_request_parameters=wanted
            )
            read += response.usage.input_tokens
            written += response.usage.output_tokens
            said = _text_of(response)
            content, problem = _checked(said, valid)
            if not problem:
                return ModelAnswer(content, read, written)
            # Not as the message of a tool: what servers make of these differs.
            asked = [*asked, ModelResponse(parts=[TextPart(said or "(nothing)")]), _correction(problem)]
        return None

    def _what_happened(self, error: Exception) -> str:
        if isinstance(error, TimeoutError) or _cause(error, APITimeoutError):
            return f"did not answer within {self._endpoint.timeout_seconds:g} s"
        if refused := _cause(error, APIStatusError):
            return f"answered with status {refused.status_code}"
        if _cause(error, AnswerTooLarge):
            return "sent more than any answer needs"
        if _cause(error, APIConnectionError):
            return "cannot be reached"
        return f"answered in a way that cannot be read ({type(error).__name__})"

    def _unavailable(self, what: str) -> ModelUnavailable:
        return ModelUnavailable(
            f"The language model {self.name} {what}.",
            hint="See that its endpoint runs, and its address, key and name in docs/reference/settings.md.",
            retry_after_seconds=PAUSE_SECONDS,
        )


def _model(endpoint: Endpoint, http: httpx2.AsyncClient) -> OpenAIChatModel:
    client = AsyncOpenAI(
        base_url=endpoint.url,
        # The client insists on one; servers without keys read none.
        api_key=endpoint.api_key or "none",
        max_retries=0,
        http_client=http,
    )
    if endpoint.dialect is Dialect.OPENAI:
        return OpenAIChatModel(endpoint.model, provider=OpenAIProvider(openai_client=client))
    # Whatever the model's name makes pydantic-ai believe of its server.
    profile = OpenAIModelProfile(
        supports_json_schema_output=True,
        openai_chat_supports_max_completion_tokens=False,
    )
    provider = OpenAICompatibleProvider("endpoint", openai_client=client, profile=profile)
    return OpenAIChatModel(endpoint.model, provider=provider)


def _wanted(schema: dict[str, Any], dialect: Dialect) -> ModelRequestParameters:
    """The schema as the server wants to be told it."""
    if dialect is Dialect.TOOL:
        tool = ToolDefinition(name=_ANSWER, parameters_json_schema=schema, kind="output")
        return ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)
    strict = True if dialect is Dialect.OPENAI else None
    return ModelRequestParameters(
        output_mode="native", output_object=OutputObjectDefinition(schema, _ANSWER, strict=strict)
    )


def _system(instructions: str) -> ModelRequest:
    return ModelRequest(parts=[SystemPromptPart(instructions)])


def _model_message(message: Message) -> ModelMessage:
    if message.role == ASSISTANT:
        return ModelResponse(parts=[TextPart(message.content)])
    if message.role == SYSTEM:
        return _system(message.content)
    return ModelRequest(parts=[UserPromptPart(message.content)])


def _correction(problem: str) -> ModelRequest:
    told = f"That cannot be used: {problem}. Answer again with one JSON object that keeps to the schema."
    return ModelRequest(parts=[UserPromptPart(told)])


def _text_of(response: ModelResponse) -> str:
    called = (part.args_as_json_str() for part in response.parts if isinstance(part, ToolCallPart))
    return next(called, None) or response.text or ""


def _checked(said: str, valid: jsonschema_rs.Draft202012Validator) -> tuple[dict[str, Any], str]:
    """The object that was said, and what is wrong with it, if anything."""
    try:
        content = json.loads(said)
    except ValueError:
        return {}, "it is no JSON"
    error = next(valid.iter_errors(content), None)
    if error is not None:
        where = ".".join(map(str, error.instance_path))
        return {}, f"{where}: {error.message}" if where else error.message
    return content, ""


def _cause(error: BaseException | None, kind: type[Cause]) -> Cause | None:
    """The first of this kind among `error` and what led to it."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error
