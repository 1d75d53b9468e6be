"""What is wrong with a request in OpenAI's shape, and in which parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lmos.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from pydantic import ValidationError

UNSUPPORTED = "unsupported"
"""Type of a pydantic error about what is well formed but cannot be done here."""


class ParameterInvalid(InvalidInput):
    """A parameter of a request in OpenAI's shape cannot be read; `param` names it, if it is one."""

    code: ClassVar[str] = "ParameterInvalid"

    def __init__(self, message: str, param: str | None = None, *, hint: str = "") -> None:
        self.param = param
        super().__init__(message, hint=hint or "See docs/reference/http.md for what is understood.")


class ParameterUnsupported(ParameterInvalid):
    """A request in OpenAI's shape asks for what Agents behind a Channel cannot be told to do."""

    code: ClassVar[str] = "ParameterUnsupported"


class PreviousResponseNotFound(ParameterInvalid):
    """A request continues a response that is not kept for its Tenant."""

    code: ClassVar[str] = "PreviousResponseNotFound"

    def __init__(self, id_: str) -> None:
        super().__init__(
            f"Previous response with id {id_[:80]!r} not found.",
            "previous_response_id",
            hint="Name one that a model of the same tenant gave.",
        )


class ResponseNotFound(NotFound):
    """No response of that id is kept."""

    code: ClassVar[str] = "ResponseNotFound"

    def __init__(self, id_: str) -> None:
        super().__init__(
            f"Response with id {id_[:80]!r} not found.", hint="Name one that POST /v1/responses gave."
        )


class ModelNotFound(NotFound):
    """A model's name is not that of a Channel or of an Agent in one."""

    code: ClassVar[str] = "ModelNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The model {name[:80]!r} does not exist.",
            hint="Models are tenant/channel and tenant/channel/agent; GET /v1/models lists them.",
        )


def parameter_error(error: ValidationError) -> ParameterInvalid:
    """The first thing that cannot be done, or else the first that cannot be read."""
    problems = error.errors(include_url=False, include_input=False)
    found = next((each for each in problems if each["type"] == UNSUPPORTED), problems[0])
    param = ".".join(map(str, found["loc"])) or None
    if found["type"] == UNSUPPORTED:
        return ParameterUnsupported(f"{param}: {found['msg']}", param)
    return ParameterInvalid(f"{param or 'The body'}: {found['msg'][:200]}", param)
