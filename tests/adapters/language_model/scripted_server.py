"""A server with OpenAI's chat completions that answers from a script."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HANG = "hang"


def completion(content: str, *, tool: str = "", **choice: Any) -> dict[str, Any]:
    """A completion that says `content`, or calls `tool` with it."""
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if tool:
        called = {"id": "1", "type": "function", "function": {"name": tool, "arguments": content}}
        message = {"role": "assistant", "content": None, "tool_calls": [called]}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message, **choice}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


@dataclass
class ScriptedServer:
    """
    Answers each request with the next of `answers`, the last one for ever.

    An answer is a JSON body, a status with one, HANG for none at all, or bytes to be sent as they are.
    """

    answers: list[Any]
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def answers_with(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            self.asked.append(json.loads(await reader.readexactly(int(headers["content-length"]))))
            self.headers.append(headers)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer == HANG:
                await reader.read()
            else:
                writer.write(_response(answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()


def _response(answer: Any) -> bytes:
    if isinstance(answer, bytes):
        return answer
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n"
    return f"{head}content-length: {len(content)}\r\n\r\n".encode() + content


@asynccontextmanager
async def scripted_server(*answers: Any) -> AsyncIterator[ScriptedServer]:
    """The server on a free port of loopback."""
    server = ScriptedServer(list(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listening.close()
