"""What the SDK raises about an Agent's answer, as errors of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from a2a.client.errors import A2AClientError
from a2a.utils.errors import A2AError, InternalError

from lmos.adapters.agents.a2a.dialling import Unreadable
from lmos.adapters.agents.errors import RETRY_SECONDS
from lmos.core.errors import LmosError
from lmos.ports.agents import AgentLost

if TYPE_CHECKING:
    from lmos.adapters.agents.errors import AgentErrors

_GATEWAY_FAILED = frozenset({httpx.codes.BAD_GATEWAY, httpx.codes.GATEWAY_TIMEOUT})
_LONGEST = 500


def is_broken(error: Exception) -> bool:
    """Whether the line broke, which says something about the replica; other faults are those of a Turn."""
    return isinstance(_cause(error), httpx.TransportError)


def fault(error: Exception, errors: AgentErrors, *, has_begun: bool) -> LmosError:
    """
    The error that it comes to.

    Args:
        error: Whatever came out of the SDK; what it makes of garbage is anyone's guess.
        errors: Words about the Agent.
        has_begun: Whether the Agent said anything.
    """
    cause = _cause(error)
    if isinstance(cause, httpx.HTTPStatusError):
        return _refusal(cause.response, error, errors)
    if isinstance(cause, httpx.TransportError) and not has_begun:
        return errors.unavailable(f"the line broke: {_told(cause)}", kind=AgentLost)
    return errors.failed(_blame(cause))


def _blame(cause: Exception) -> str:
    match cause:
        case LmosError(message=told):
            return told
        case Unreadable():
            return str(cause)
        case httpx.TransportError():
            return f"Half-way, the line broke: {_told(cause)}"
        case InternalError():
            # Servers put their exceptions there, whose texts are nobody else's business.
            return "It answered with an internal error."
        case A2AError():
            return f"It answered with an error: {_told(cause)}"
        case _:
            return f"It spoke something other than A2A: {_told(cause)}"


def _cause(error: Exception) -> Exception:
    """The SDK wraps what HTTP raises."""
    cause = error.__cause__
    return cause if isinstance(error, A2AError) and isinstance(cause, httpx.HTTPError) else error


def _refusal(response: httpx.Response, error: Exception, errors: AgentErrors) -> LmosError:
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return errors.busy("it answered HTTP 429")
    if status == httpx.codes.SERVICE_UNAVAILABLE:
        after = response.headers.get("retry-after", "")
        pause = float(after) if after.isascii() and after.isdigit() else RETRY_SECONDS
        return errors.unavailable("it answered HTTP 503", retry_after_seconds=pause)
    if status in _GATEWAY_FAILED:
        return errors.unavailable(f"it answered HTTP {status}", kind=AgentLost)
    # An error that has a name in A2A says more than its status.
    is_named = isinstance(error, A2AError) and not isinstance(error, A2AClientError)
    return errors.failed(_blame(error) if is_named else f"It answered with HTTP {status}.")


def _told(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:_LONGEST]
