"""An Agent: a name, the Capabilities it provides, and the functions that answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from lmos.arc.capability import Capability
from lmos.arc.dispatch import closest
from lmos.arc.errors import InvalidAgent
from lmos.arc.memory import Memory
from lmos.arc.runner import runner_for
from lmos.core.conversation import CAPABILITY_KEY, TENANT_KEY, AgentRequest, as_mapping

if TYPE_CHECKING:
    from lmos.arc.runner import Runner
    from lmos.arc.turn import Turn

Handler = Callable[["Turn"], str | Awaitable[str] | AsyncIterator[str]]
"""A function, a coroutine function, or an async generator of pieces of the answer."""

H = TypeVar("H", bound=Handler)

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Agent:
    """
    A service that provides Capabilities.

    Args:
        name: Lower-case letters, digits and dashes: it becomes the name of the Agent's Deployment.
        description: What it does, in a sentence.
        tenants: Tenants it serves; empty means all.
        channels: Channels it serves; an Agent without any is never chosen.
        version: Its own version, shown on its card.
        capabilities: Those that `handler` or the model answers; others are declared by `capability`.
        model: Answers what no function does: a name like `openai:gpt-5` (with `lmos[llm]`) or a `Runner`.
        prompt: The model's instructions.

    Raises:
        InvalidAgent: The name cannot be a Deployment's, or a Capability is declared twice.
        ExtraMissing: A model is named and `lmos[llm]` is not installed.
    """

    def __init__(
        self,
        name: str,
        *,
        description: str = "",
        tenants: Sequence[str] = (),
        channels: Sequence[str] = (),
        version: str = "1.0.0",
        capabilities: Sequence[Capability] = (),
        model: str | Runner | None = None,
        prompt: str = "",
    ) -> None:
        if not _NAME.fullmatch(name):
            raise InvalidAgent(
                f"An Agent cannot be called {name!r}.",
                hint="Use up to 63 lower-case letters, digits and dashes: billing-agent.",
            )
        self.name = name
        self.description = description
        self.tenants = _names("tenants", tenants)
        self.channels = _names("channels", channels)
        self.version = version
        self.prompt = prompt
        self.runner = None if model is None else runner_for(model)
        self._capabilities: dict[str, Capability] = {}
        self._handlers: dict[str, Handler] = {}
        self._handler: Handler | None = None
        self._memory = Memory()
        # The Capability of each Conversation's last Turn, apart from what handlers remember.
        self._focus = Memory()
        for declared in capabilities:
            self._declare(declared)

    def __repr__(self) -> str:
        return f"Agent({self.name!r})"

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """The Capabilities it provides, in the order of their declaration."""
        return tuple(self._capabilities.values())

    def capability(
        self, name: str, *, version: str = "1.0.0", description: str = "", examples: Sequence[str] = ()
    ) -> Callable[[H], H]:
        """Declare a Capability; the decorated function answers for it."""
        self._declare(Capability(name, version, description, _names("examples", examples)))

        def register(function: H) -> H:
            self._handlers[name] = function
            return function

        return register

    def handler(self, function: H) -> H:
        """Let the decorated function answer whatever no Capability's own function does."""
        if self._handler is not None:
            raise InvalidAgent(
                f"Agent {self.name!r} has two handlers.", hint="Declare Capabilities with @agent.capability."
            )
        self._handler = function
        return function

    def memory_of(self, request: AgentRequest) -> dict[str, Any]:
        """What this Agent remembers of the request's Conversation."""
        return self._memory.of(*_conversation(request))

    def capability_for(self, request: AgentRequest, text: str) -> Capability | None:
        """
        The Capability that answers `text`.

        The one that the caller's router chose (system context `capability`); else the one whose examples
        are clearly closest; else that of the Turn before, as in "and the month before?"; else none where
        the Agent has a handler or a model of its own; else the closest.
        """
        routed = self._capabilities.get(as_mapping(request.system_context).get(CAPABILITY_KEY, ""))
        focus = self._focus.of(*_conversation(request))
        chosen = routed or self._guess(text, focus.get("capability"))
        if chosen is not None:
            focus["capability"] = chosen
        return chosen

    def handler_for(self, capability: Capability | None) -> Handler | None:
        """The function that answers for `capability`, None where a model or nothing does."""
        return (self._handlers.get(capability.name) if capability else None) or self._handler

    @property
    def can_answer(self) -> bool:
        """Whether every Turn has something that answers it."""
        covered = bool(self._handlers) and self._handlers.keys() == self._capabilities.keys()
        return covered or self._handler is not None or self.runner is not None

    def _guess(self, text: str, before: Capability | None) -> Capability | None:
        best = closest(text, self.capabilities)
        if best is None or best.is_certain:
            return best.capability if best else None
        if before is not None:
            return before
        answers_itself = self._handler is not None or self.runner is not None
        return None if answers_itself else best.capability

    def _declare(self, capability: Capability) -> None:
        if capability.name in self._capabilities:
            raise InvalidAgent(
                f"Agent {self.name!r} declares the Capability {capability.name!r} twice.",
                hint="Give one of them another name.",
            )
        self._capabilities[capability.name] = capability


def _conversation(request: AgentRequest) -> tuple[str, str]:
    tenant = as_mapping(request.system_context).get(TENANT_KEY, "")
    return tenant, request.conversation_context.conversation_id


def _names(what: str, given: Sequence[str]) -> tuple[str, ...]:
    if isinstance(given, str) or not all(isinstance(name, str) and name for name in given):
        raise InvalidAgent(f"{what} is {given!r}.", hint=f'Give a list of texts: {what}=["..."].')
    return tuple(given)
