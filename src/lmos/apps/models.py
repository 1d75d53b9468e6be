"""The language models that the environment names, by the variables of the original."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from lmos.adapters.system import SystemClock
from lmos.core.errors import InvalidInput
from lmos.router import Disambiguation, LlmStage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lmos.adapters.language_model import PydanticAiModel

ROUTER = "LLM_"
DISAMBIGUATION = "DISAMBIGUATION_LLM_"

DEFAULT_TOKEN_BUDGET = 8000

_NAMING = ("PROVIDER", "BASE_URL", "API_KEY", "MODEL_NAME")
_FILE = "@/"


@dataclass(frozen=True, slots=True)
class _Provider:
    """
    A kind of service.

    Attributes:
        dialect: The name of a `Dialect`.
        url: Where it is, unless that is said; empty where it must be.
        path: Of the API, where only a host is said.
        model: Asked unless another one is named; empty where one must be.
        needs_key: Whether it answers nobody without.
    """

    dialect: str
    url: str = ""
    path: str = ""
    model: str = ""
    needs_key: bool = False


_PROVIDERS = {
    "openai": _Provider("OPENAI", "https://api.openai.com/v1", model="gpt-4o-mini", needs_key=True),
    "azure_openai": _Provider("OPENAI", path="/openai/v1", needs_key=True),
    "gemini": _Provider("SCHEMA", "https://generativelanguage.googleapis.com/v1beta/openai", needs_key=True),
    "anthropic": _Provider("TOOL", "https://api.anthropic.com/v1", needs_key=True),
    "ollama": _Provider("SCHEMA", "http://localhost:11434/v1", path="/v1"),
    "other": _Provider("SCHEMA"),
}


@dataclass(frozen=True, slots=True)
class RouterModels:
    """
    What the router does with language models.

    Attributes:
        stages: Behind the trained head.
        disambiguation: Words clarifying questions; None where ours are asked.
        models: To be closed at the end.
    """

    stages: tuple[LlmStage, ...] = ()
    disambiguation: Disambiguation | None = None
    models: tuple[PydanticAiModel, ...] = ()

    async def aclose(self) -> None:
        """Close connections."""
        for model in self.models:
            await model.aclose()


def router_models_of(environment: Mapping[str, str]) -> RouterModels:
    """
    What the environment says of the router's models; where it says nothing, there are none.

    `DISAMBIGUATION_LLM_…` fall back each to its like of `LLM_…`, the key only for the same service. A prompt
    is a template, or `@/path/to/file`.

    Raises:
        InvalidInput: A variable cannot be used, or `lmos[llm]` is not installed.
        PromptNotRendered: A prompt cannot be read.
    """
    model = language_model_of(environment, ROUTER)
    budget = _token_budget(environment)
    stages = (LlmStage(model, _prompt(environment, "LLM_SYSTEM_PROMPT"), budget),) if model else ()
    asking = _disambiguation_model_of(environment, model)
    if asking is None:
        return RouterModels(stages, models=(model,) if model else ())
    disambiguation = Disambiguation(
        asking,
        _prompt(environment, "DISAMBIGUATION_INTRODUCTION_PROMPT"),
        _prompt(environment, "DISAMBIGUATION_CLARIFICATION_PROMPT"),
        budget,
    )
    return RouterModels(stages, disambiguation, tuple(dict.fromkeys((model or asking, asking))))


def language_model_of(environment: Mapping[str, str], prefix: str) -> PydanticAiModel | None:
    """
    The model that the variables of this prefix name; None where none of them is set, and nothing is loaded.

    Raises:
        InvalidInput: A variable cannot be used, or `lmos[llm]` is not installed.
    """
    said = {name: environment.get(f"{prefix}{name}", "").strip() for name in _NAMING}
    if not any(said.values()):
        return None
    kind = said["PROVIDER"] or "openai"
    provider = _PROVIDERS.get(kind)
    if provider is None:
        raise InvalidInput(
            f"{prefix}PROVIDER is {kind!r}.",
            hint=f"Set it to one of {', '.join(_PROVIDERS)}; `other` is any server that speaks OpenAI's API.",
        )
    url = _url(said["BASE_URL"] or provider.url, provider.path, f"{prefix}BASE_URL")
    name = said["MODEL_NAME"] or provider.model
    for variable, value in {"MODEL_NAME": name, "API_KEY": said["API_KEY"] or not provider.needs_key}.items():
        if not value:
            raise InvalidInput(f"{prefix}{variable} is not set.", hint=f"The provider {kind} needs it.")
    number = _Numbers(environment, prefix)
    limits: dict[str, Any] = {
        "temperature": number.read("TEMPERATURE", float, 0.0, 0, 2),
        "max_tokens": number.read("MAX_TOKENS", int, 2000, 50, 1_000_000),
        "timeout_seconds": number.read("TIMEOUT_SECONDS", float, 10.0, 0.1, 600),
        "token_budget": _token_budget(environment),
    }
    try:
        # Takes a second or two to load, which is not for those who name no model.
        from lmos.adapters.language_model import Dialect, Endpoint, PydanticAiModel  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"{prefix}MODEL_NAME names a language model, and what asks it is not installed.",
            hint="Install it: pip install 'lmos[llm]'",
        ) from error
    endpoint = Endpoint(url, name, said["API_KEY"], Dialect[provider.dialect], **limits)
    return PydanticAiModel(endpoint, SystemClock())


def _disambiguation_model_of(
    environment: Mapping[str, str], model: PydanticAiModel | None
) -> PydanticAiModel | None:
    if environment.get("DISAMBIGUATION_ENABLED", "").strip().lower() == "false":
        return None
    if not any(environment.get(f"{DISAMBIGUATION}{name}", "").strip() for name in _NAMING):
        return model
    ours = {
        name.removeprefix(ROUTER): value
        for name, value in environment.items()
        if name.startswith(ROUTER) and value.strip()
    }
    own = {
        name.removeprefix(DISAMBIGUATION): value
        for name, value in environment.items()
        if name.startswith(DISAMBIGUATION) and value.strip()
    }
    # No service is called by another one's address, or given another one's key.
    is_same_provider = own.get("PROVIDER", ours.get("PROVIDER")) == ours.get("PROVIDER")
    if not is_same_provider:
        ours.pop("BASE_URL", None)
        ours.pop("MODEL_NAME", None)
    if not is_same_provider or own.get("BASE_URL", ours.get("BASE_URL")) != ours.get("BASE_URL"):
        ours.pop("API_KEY", None)
    told = {f"{DISAMBIGUATION}{name}": value for name, value in (ours | own).items()}
    return language_model_of({**environment, **told}, DISAMBIGUATION)


@dataclass(frozen=True, slots=True)
class _Numbers:
    environment: Mapping[str, str]
    prefix: str

    def read(
        self, name: str, kind: Callable[[str], float], otherwise: float, least: float, most: float
    ) -> float:
        """
        The number that a variable says.

        Raises:
            InvalidInput: It is none, or out of bounds.
        """
        written = self.environment.get(f"{self.prefix}{name}", "").strip()
        if not written:
            return otherwise
        try:
            number = kind(written)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise InvalidInput(
                f"{self.prefix}{name} is {written!r}.", hint=f"Set it to a number from {least} to {most}."
            )
        return number


def _token_budget(environment: Mapping[str, str]) -> int:
    budget = _Numbers(environment, ROUTER).read("TOKEN_BUDGET", int, DEFAULT_TOKEN_BUDGET, 500, 10_000_000)
    return int(budget)


def _url(written: str, path: str, variable: str) -> str:
    parts = urlsplit(written)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        # Not shown: it may hold a password.
        raise InvalidInput(
            f"{variable} is no address of HTTP.", hint="Set it to one such as http://localhost:8000/v1."
        )
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") or path))


def _prompt(environment: Mapping[str, str], variable: str) -> str:
    """The template that a variable holds, or names the file of."""
    written = environment.get(variable, "").strip()
    if not written.startswith(_FILE):
        return written
    file = Path(written[1:])
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise InvalidInput(
            f"{variable} names {file}, which cannot be read ({type(error).__name__}).",
            hint="Name a text file in UTF-8 after the @, or write the template itself.",
        ) from error
