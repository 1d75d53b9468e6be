"""CEL rules of schemas (`x-kubernetes-validations`), with `self` and, for changes, `oldSelf`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lmos.apiserver.status import Cause
from lmos.apiserver.trees import LIST_KEYS, VALIDATIONS, subtrees
from lmos.apiserver.values import canonical, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lmos.apiserver.trees import Tree
    from lmos.apiserver.values import Json


@dataclass(frozen=True)
class Rule:
    """One expression that must hold at one place of the schema."""

    expression: str
    message: str
    message_expression: str
    reason: str
    field_path: str

    @property
    def compares(self) -> bool:
        """Whether the rule looks at the value before, and so holds for changes only."""
        return "oldSelf" in self.expression

    def problem(self, path: str, value: Json, old: Json) -> Cause | None:
        """What the rule refuses in `value` found at `path`; None when it holds."""
        if old is not None and not self.compares and canonical(old) == canonical(value):
            return None
        variables = {"self": value} | ({"oldSelf": old} if self.compares else {})
        try:
            if evaluate(self.expression, variables) is True:
                return None
            said = evaluate(self.message_expression, variables) if self.message_expression else ""
        except (ValueError, TypeError, RuntimeError, KeyError, IndexError) as error:
            return Cause(path, f"Invalid value: rule {self.expression!r} could not be evaluated: {error}")
        message = said or self.message or f"failed rule: {self.expression}"
        shown = "" if isinstance(value, (dict, list)) else f"{encode(value).decode()}: "
        prefix = {"FieldValueForbidden": "Forbidden: ", "FieldValueRequired": "Required value: "}
        text = prefix.get(self.reason, f"Invalid value: {shown}")
        return Cause(f"{path}{self.field_path}", text + message, self.reason)


@dataclass(frozen=True)
class _Node:
    """The rules at one place and below; places without any are left out of the tree."""

    rules: tuple[Rule, ...]
    below: Mapping[str, _Node]
    keys: tuple[str, ...] = ()

    def before(self, item: Json, old: Json) -> Json:
        """What was in the list `old` under the keys of `item`; None where a list has no keys."""
        if not self.keys or not isinstance(old, list):
            return None
        wanted = [item.get(key) for key in self.keys]
        return next((other for other in old if [other.get(key) for key in self.keys] == wanted), None)


class Rules:
    """All rules of one schema."""

    def __init__(self, tree: Tree) -> None:
        self._root = _node(tree)

    def problems(self, value: Json, old: Json = None) -> tuple[Cause, ...]:
        """What the rules refuse in `value`, which is to follow `old` (None when it is new)."""
        return tuple(_problems(self._root, value, old, "")) if self._root else ()

    def __bool__(self) -> bool:
        return self._root is not None

    def check(self) -> None:
        """Compile every rule. Raises ValueError naming the first that does not compile."""
        nodes = [self._root] if self._root else []
        while nodes:
            node = nodes.pop()
            nodes.extend(node.below.values())
            for rule in node.rules:
                _program(rule.expression)


def evaluate(expression: str, variables: Mapping[str, Json]) -> Json:
    """The value of a CEL expression. Raises ValueError, TypeError, RuntimeError or KeyError as CEL does."""
    context = _context()
    context.update(dict(variables))
    return _program(expression).execute(context)


def _node(tree: Tree) -> _Node | None:
    rules = tuple(
        Rule(
            expression=declared["rule"],
            message=declared.get("message", ""),
            message_expression=declared.get("messageExpression", ""),
            reason=declared.get("reason", "FieldValueInvalid"),
            field_path=declared.get("fieldPath", ""),
        )
        for declared in tree.get(VALIDATIONS, ())
    )
    below = {step: node for step, sub in subtrees(tree) if (node := _node(sub))}
    return _Node(rules, below, tuple(tree.get(LIST_KEYS, ()))) if rules or below else None


def _problems(node: _Node, value: Json, old: Json, path: str) -> Iterator[Cause]:
    for rule in node.rules:
        if (old is not None or not rule.compares) and (problem := rule.problem(path, value, old)):
            yield problem
    if isinstance(value, list) and (each := node.below.get("items")):
        for index, item in enumerate(value):
            yield from _problems(each, item, node.before(item, old), f"{path}[{index}]")
    elif isinstance(value, dict) and node.below:
        before = old if isinstance(old, dict) else {}
        for key, item in value.items():
            sub = node.below.get(f"properties[{key}]") or node.below.get("additionalProperties")
            if sub and item is not None:
                yield from _problems(sub, item, before.get(key), f"{path}.{key}" if path else key)


@cache
def _cel() -> ModuleType:
    # The package's __init__ imports its command line, ten times as heavy as the library itself.
    sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
    import cel  # noqa: PLC0415 (loaded with the first rule, so that a server without rules starts without it)

    return cel


@cache
def _context() -> Json:
    """The one context of this process, whose functions are costly to set up."""
    context = _cel().Context()
    _cel().stdlib.add_stdlib_to_context(context)
    for name, function in _KUBERNETES_FUNCTIONS.items():
        context.add_function(name, function)
    return context


@cache
def _program(expression: str) -> Json:
    return _cel().compile(expression)


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return bool(parts.scheme and (parts.netloc or parts.path.startswith("/")))


def _url(text: str) -> str:
    if not _is_url(text):
        raise ValueError(f"{text!r} is not a URL")
    return text


# What Kubernetes adds to CEL, as far as the CRDs that we install use it.
_KUBERNETES_FUNCTIONS = {
    "isIP": _is_ip,
    "isURL": _is_url,
    "url": _url,
    "getScheme": lambda url: urlsplit(url).scheme,
}
