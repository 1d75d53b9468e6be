"""JSON as the API server handles it: its type, and the way from a request's bytes and back."""

from __future__ import annotations

from typing import Any, TypeAlias

import orjson
import yaml

from lmos.apiserver import protobuf
from lmos.apiserver.status import bad_request, unsupported_media_type

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict of the same."""

YAML_TYPES = frozenset({"application/yaml", "application/apply-patch+yaml"})
BODY_TYPES = ("application/json", "application/yaml", protobuf.MEDIA_TYPE)


def encode(value: Json) -> bytes:
    """The JSON text of `value`."""
    return orjson.dumps(value)


def canonical(value: Json) -> bytes:
    """The JSON text of `value` with sorted keys: equal exactly for equal values (`1` is not `true`)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def decode(body: bytes, media_type: str) -> Json:
    """
    Read a request's body.

    Raises:
        ApiError: 400 where it is no JSON (or YAML or protobuf, for their types), 415 for any other type.
    """
    if media_type == protobuf.MEDIA_TYPE:
        return protobuf.decode_protobuf(body)
    if media_type not in YAML_TYPES and media_type != "application/json" and not media_type.endswith("+json"):
        raise unsupported_media_type(BODY_TYPES)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if media_type not in YAML_TYPES:
            raise bad_request(f"the body is not JSON: {error}") from error
        return _decode_yaml(body)
    refuse_unwritable(value)
    return value


def _decode_yaml(body: bytes) -> Json:
    try:
        # An alias costs a few bytes and may stand for gigabytes.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(body, Loader=yaml.CSafeLoader)):
            raise bad_request("the body uses YAML aliases; send each value where it belongs")
        value = yaml.load(body, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise bad_request(f"the body is not YAML: {error}") from error
    # YAML has dates where JSON has text.
    return orjson.loads(refuse_unwritable(value))


def refuse_unwritable(value: Json) -> bytes:
    """
    The JSON text of a value that may have none.

    Raises:
        ApiError: 400 when it is nested too deeply, or holds what JSON has no word for.
    """
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise bad_request(f"the body cannot be kept as JSON: {error}") from error


def without_nulls(value: Json) -> Json:
    """`value` without the object members that are null: how a typed reader sees it."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
