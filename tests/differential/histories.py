"""
Histories: named rows of requests, read from `histories/*.yaml` and sent to a server one after another.

A step is `VERB path: body`. A path that begins with a resource is completed, and so is its body:
`POST configmaps: {metadata: {name: a}}` goes to the history's own namespace with apiVersion and kind. A path
that begins with a slash is sent as it stands. The verbs MERGE, JSON, STRATEGIC and APPLY are PATCH with that
content type; TABLE and METADATA are GET in that form; WATCH reads the events that come within a second;
GONE and ESTABLISHED get until that is so. A step `{do: VERB path, headers: …, text: …, pick: …}` says more:
`pick` is the JSONPath to what of the answer is to be compared.
`{ns}` stands for the history's namespace, and `${2.metadata.uid}` for a field of the second step's answer.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lmos.apiserver.jsonpath import JsonPath
from lmos.core.resources.kinds import KINDS, Kind, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "crds"
SHARED_OBJECTS = HERE.parent / "apiserver" / "shared_objects.yaml"
TEST_KINDS = (
    Kind("", "v1", "ServiceAccount", "serviceaccounts"),
    Kind("differential.test", "v1", "Widget", "widgets"),
    Kind("differential.test", "v1", "Planet", "planets", namespaced=False),
)
_PATCHES = {
    "MERGE": "application/merge-patch+json",
    "JSON": "application/json-patch+json",
    "STRATEGIC": "application/strategic-merge-patch+json",
    "APPLY": "application/apply-patch+yaml",
}
_FORMS = {
    "TABLE": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "METADATA": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
    "METADATALIST": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
}
_REFERENCE = re.compile(r"\$\{(\d+)\.([^}]+)\}")
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Step:
    """One request, as the table says it."""

    verb: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    pick: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Steps that build on each other, in a namespace of their own."""

    name: str
    steps: tuple[Step, ...]

    @property
    def namespace(self) -> str:
        """The namespace in which they happen."""
        return re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")[:60].strip("-")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `body` is JSON, the events of a watch, or text."""

    status: int
    headers: dict[str, str]
    body: Any


def all_histories() -> Iterator[History]:
    """Every history of the tables."""
    for path in sorted((HERE / "histories").glob("*.yaml")):
        table = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for name, steps in table.items():
            if not name.startswith("."):
                yield History(f"{path.stem}: {name}", tuple(_step(step) for step in steps))
    yield from _shared_histories()


def shared_definitions() -> list[Manifest]:
    """The CustomResourceDefinitions of Istio, Gateway API and Argo; none where they are not at hand."""
    found = (item for path in sorted(SHARED.glob("*/*.yaml")) for item in documents(path))
    return [item for item in found if item["kind"] == "CustomResourceDefinition"]


def _shared_histories() -> Iterator[History]:
    """What tests/apiserver asks of objects of the shared kinds, as histories."""
    for case in documents(SHARED_OBJECTS)[0] if SHARED.exists() else ():
        group_version, _, plural = case["resource"].rpartition("/")
        namespace = "" if plural in ("gatewayclasses", "clusteranalysistemplates") else "/namespaces/{ns}"
        collection = f"/apis/{group_version}{namespace}/{plural}"
        head = {"apiVersion": group_version, "kind": case["kind"]}
        fine, other = ({**head, "metadata": {"name": "a"}} | case[key] for key in ("fine", "other"))
        other["metadata"] = {"name": "a"} | other["metadata"]
        steps = (
            Step("APPLY", f"{collection}/a?fieldManager=lmos", fine),
            Step("APPLY", f"{collection}/a?fieldManager=argocd", other),
            Step("APPLY", f"{collection}/a?fieldManager=lmos", fine),
            Step("POST", collection, {**head, "metadata": {"name": "b"}} | case["bad"]),
        )
        yield History(f"shared: {case['resource']}", steps)


def _step(declared: Any) -> Step:
    if isinstance(declared, str):
        declared = {declared: None}
    more = dict(declared)
    what = more.pop("do", None)
    if what is None:
        (what, body), *_ = more.items()
        more = {"body": body}
    verb, _, path = what.partition(" ")
    return Step(verb, path, **more)


def answers(history: History, client: httpx2.Client, kinds: dict[str, Kind]) -> list[Answer]:
    """Send every step of a history, each after the answer to the one before."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": history.namespace}}
    made = client.post("/api/v1/namespaces", json=namespace)
    assert made.status_code == 201, made.text
    given: list[Answer] = []
    for step in history.steps:
        given.append(_answer(step, history, client, kinds, given))
    return given


def _answer(
    step: Step, history: History, client: httpx2.Client, kinds: dict[str, Kind], given: list[Answer]
) -> Answer:
    def filled(value: Any) -> Any:
        text = json.dumps(value).replace("{ns}", history.namespace)
        return json.loads(_REFERENCE.sub(lambda found: json.dumps(_field(given, found))[1:-1], text))

    path, kind = _place(filled(step.path), history.namespace, kinds)
    body = filled(step.body)
    if kind and isinstance(body, dict) and step.verb in ("POST", "PUT", "APPLY") and "kind" not in body:
        body = {"apiVersion": kind.api_version, "kind": kind.kind} | body
    headers = dict(step.headers)
    method = "PATCH" if step.verb in _PATCHES else "GET" if step.verb in _GETS else step.verb
    if step.verb in _FORMS:
        headers["accept"] = _FORMS[step.verb]
    content: str | None = filled(step.text)
    if body is not None:
        content = json.dumps(body)
        headers = {"content-type": _PATCHES.get(step.verb, "application/json")} | headers
    if step.verb == "WATCH":
        return _watched(client, path, headers)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        response = client.request(method, path, content=content, headers=headers)
        parsed = _parsed(response.text)
        picked = JsonPath(step.pick).all(parsed) if step.pick else parsed
        answer = Answer(response.status_code, dict(response.headers), picked)
        if _is_awaited(step.verb, answer) or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


_GETS = frozenset({*_FORMS, "WATCH", "GONE", "ESTABLISHED"})


def _is_awaited(verb: str, answer: Answer) -> bool:
    if verb == "GONE":
        return answer.status == 404
    if verb == "ESTABLISHED":
        conditions = (answer.body.get("status") or {}).get("conditions") or ()
        return any(item["type"] == "Established" and item["status"] == "True" for item in conditions)
    return True


def _watched(client: httpx2.Client, path: str, headers: dict[str, str]) -> Answer:
    path += ("&" if "?" in path else "?") + "watch=true&timeoutSeconds=1"
    with client.stream("GET", path, headers=headers) as response:
        lines = [_parsed(line) for line in response.iter_lines()]
    return Answer(response.status_code, dict(response.headers), lines)


def _place(path: str, namespace: str, kinds: dict[str, Kind]) -> tuple[str, Kind | None]:
    if path.startswith("/"):
        return path, None
    plural = re.split("[/?]", path)[0]
    kind = kinds[plural]
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    within = f"/namespaces/{namespace}" if kind.namespaced else ""
    return f"{root}{within}/{path}", kind


def kinds_by_plural(more: tuple[Kind, ...] = ()) -> dict[str, Kind]:
    """The resources that paths may begin with."""
    return {kind.plural: kind for kind in reversed((*KINDS, *TEST_KINDS, *more))}


def _field(given: list[Answer], found: re.Match[str]) -> Any:
    value = given[int(found[1]) - 1].body
    for step in found[2].split("."):
        value = value[int(step) if isinstance(value, list) else step]
    return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def documents(path: Path) -> list[Any]:
    """The documents of a YAML file."""
    return [item for item in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader) if item]
