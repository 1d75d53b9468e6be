"""An Agent as a process: a socket to listen on, a server, a graceful end."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from signal import SIGINT, SIGTERM
from typing import TYPE_CHECKING

import uvicorn

from lmos.arc.errors import PortUnavailable
from lmos.arc.http import agent_app
from lmos.arc.load import load_agents
from lmos.arc.trace import TraceOfRecord
from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lmos.arc.agent import Agent

DEFAULT_PORT = 8080
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
DRAIN_SECONDS = 10.0

log = logging.getLogger("lmos.arc")


def run_file(path: str | Path, host: str | None = None, port: int | None = None, *, only: str = "") -> None:
    """
    Serve the Agents that the file at `path` declares, or `only` that one, until SIGTERM or SIGINT.

    Raises:
        AgentFileNotFound, AgentFileBroken, NoAgentsInFile, InvalidAgent: The file cannot be served.
        PortUnavailable, InvalidInput: The address cannot be listened on.
    """
    serve(*load_agents(path, only), host=host, port=port)


def serve(*agents: Agent, host: str | None = None, port: int | None = None) -> None:
    """
    Serve `agents` at one address, until SIGTERM or SIGINT; running Turns are answered before it returns.

    Args:
        agents: Who answers.
        host: Address to listen on; `HOST` of the environment if absent; else all addresses in a pod,
            loopback anywhere else.
        port: TCP port, 0 for a free one; `PORT` of the environment if absent, else 8080.

    Raises:
        InvalidAgent: There is no Agent, two share a name, or one has nothing that answers.
        PortUnavailable, InvalidInput: The address cannot be listened on.
    """
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s%(trace)s")
        for handler in logging.getLogger().handlers:
            handler.addFilter(TraceOfRecord())
    app = agent_app(*agents)
    listening = listen(host or host_from(os.environ), port_from(os.environ) if port is None else port)
    address, bound = listening.getsockname()[:2]
    log.info("agent_serving agents=%s url=http://%s:%d", ",".join(app.state.names), address, bound)
    with listening:
        AgentServer(config_for(app)).run(sockets=[listening])


class AgentServer(uvicorn.Server):
    """A server that answers the Turns it has begun before it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT, and return: whoever did as told ends with status 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (SIGINT, SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door, drain, then do as usual."""
        for listener in self.servers:
            listener.close()
        await self.config.app.state.sockets.drain(DRAIN_SECONDS)  # type: ignore[union-attr] # always our app
        await super().shutdown(sockets)


def config_for(app: object) -> uvicorn.Config:
    """Pings of RFC 6455 keep sockets alive, messages are bounded, and Turns make no log line."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type] # Starlette is an ASGI application
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises `PortUnavailable`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise PortUnavailable(
            f"Cannot listen on {host}:{port}: {error.strerror or error}.",
            hint="Choose another port, or 0 for a free one; PORT in the environment sets it, too.",
        ) from error
    return bound


def host_from(environment: Mapping[str, str]) -> str:
    """`HOST`; without it all addresses in a pod, where only the cluster can reach them, else loopback."""
    in_pod = "KUBERNETES_SERVICE_HOST" in environment
    return environment.get("HOST") or ("0.0.0.0" if in_pod else "127.0.0.1")  # noqa: S104 - a pod's own network


def port_from(environment: Mapping[str, str]) -> int:
    """`PORT`, else 8080. Raises `InvalidInput` if it is no port."""
    text = environment.get("PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or int(text) > 65_535:  # noqa: PLR2004 - the last TCP port
        raise InvalidInput(f"PORT is {text!r}.", hint="Give a number from 0 to 65535.")
    return int(text)
