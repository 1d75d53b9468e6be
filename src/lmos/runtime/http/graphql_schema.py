"""The schema as generators and IDEs ask for it: introspection."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lmos.core.protocols.agent_sdl import SDL
from lmos.core.protocols.graphql_document import MAX_DOCUMENT_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLSchema

_ASKS = re.compile(r"__(?:schema|type)\b")
_MOST_TOKENS = 2000
"""Of a document; the query of GraphiQL has some 400."""


def asks_for_schema(document: object) -> bool:
    """Whether a document introspects, at least in its words."""
    return isinstance(document, str) and _ASKS.search(document) is not None


async def schema_answer(body: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """
    The answer to a query that introspects, `{data}` or `{errors}`, as the GraphQL library gives it.

    Args:
        body: `{query, variables, operationName}`.
        names: What `agent { names }` answers beside.
    """
    # The library takes a fifth of a second to load, and most runtimes never need it.
    return await asyncio.to_thread(_answer, body, names)


def _answer(body: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    from graphql import (  # noqa: PLC0415 - loaded when it is first needed
        GraphQLError,
        execute_sync,
        parse,
        validate,
    )

    if len(body["query"]) > MAX_DOCUMENT_CHARACTERS:
        return {"errors": [{"message": f"The document is longer than {MAX_DOCUMENT_CHARACTERS} characters."}]}
    try:
        document = parse(body["query"], max_tokens=_MOST_TOKENS)
    except GraphQLError as error:
        return {"errors": [error.formatted]}
    schema = _schema()
    if problems := validate(schema, document, max_errors=5):
        return {"errors": [error.formatted for error in problems]}
    result = execute_sync(
        schema,
        document,
        {"agent": {"names": list(names)}},
        variable_values=body.get("variables"),
        operation_name=body.get("operationName"),
    )
    return {**result.formatted}


@lru_cache(maxsize=1)
def _schema() -> GraphQLSchema:
    from graphql import build_schema  # noqa: PLC0415 - loaded when it is first needed

    return build_schema(SDL)
