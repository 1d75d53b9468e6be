"""Planning offline: from the manifests in files to what their Channels would come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import PydanticSerializationError

from lmos.core.errors import InvalidInput, LmosError
from lmos.core.planning.agents import agent_problems
from lmos.core.planning.channels import channel_problems
from lmos.core.planning.routings import routing_for
from lmos.core.planning.snapshot import Snapshot
from lmos.core.resolver import explain, finding_to_json, required_to_json
from lmos.core.resources import Agent, Channel, InvalidManifest, ResolveStatus, kind_of, unknown_fields
from lmos.core.resources.definitions import RESOURCES
from lmos.core.resources.kinds import AGENT
from lmos.core.resources.resource import identity_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lmos.core.resolver import Explanation
    from lmos.core.resources import Manifest, Resource

DEFAULT_NAMESPACE = "default"


class UnknownKind(InvalidInput):
    """A manifest of our group is of a kind or version that does not exist."""

    code: ClassVar[str] = "UnknownKind"

    def __init__(self, api_version: str, kind: str) -> None:
        kinds = ", ".join(resource.KIND.kind for resource in RESOURCES)
        super().__init__(
            f"{api_version} knows no kind {kind!r}.",
            hint=f"Use one of {kinds} of {AGENT.api_version}.",
        )


class UnknownField(InvalidInput):
    """A manifest has a field that its kind does not know; the API server would drop it."""

    code: ClassVar[str] = "UnknownField"

    def __init__(self, kind: str, path: str) -> None:
        super().__init__(
            f"{kind} has no field {path}.",
            hint="Correct its name or remove it; `lmos export crds` prints the fields of every kind.",
        )


class DuplicateName(InvalidInput):
    """Two manifests describe the same object."""

    code: ClassVar[str] = "DuplicateName"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(
            f"There is more than one {kind} {name}; only the first counts here.",
            hint="Rename one of them, or move it to another namespace.",
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """An error and the manifest that it is about."""

    error: LmosError
    kind: str
    namespace: str
    name: str

    def to_json(self) -> dict[str, str]:
        """`{code, message, hint, kind, namespace, name}`."""
        return {
            "code": self.error.code,
            "message": _encodable(self.error.message),
            "hint": self.error.hint,
            "kind": _encodable(self.kind),
            "namespace": _encodable(self.namespace),
            "name": _encodable(self.name),
        }


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What the Channels among some manifests would come to, and what is wrong with the manifests."""

    channels: tuple[Explanation, ...]
    problems: tuple[Problem, ...]

    def to_json(self) -> dict[str, Any]:
        """`{channels: [{namespace, name, resolveStatus, unresolved, routing, explain}], problems}`."""
        return {
            "channels": [_channel(explanation) for explanation in self.channels],
            "problems": [problem.to_json() for problem in self.problems],
        }


def plan_documents(manifests: Sequence[Any]) -> PlanReport:
    """
    Plan all Channels among `manifests` for the Agents among them.

    Args:
        manifests: Parsed documents, whatever they are: a `List` counts as its items, empty documents and
            kinds of other groups are left out, the namespace is `default` where none is named. Deployments
            cannot be asked offline, so Agents that are yet to be discovered do not count.

    Returns:
        One explanation a Channel, sorted by namespace and name, and every problem found. An object that
        cannot be read is a problem, and the rest is planned without it.
    """
    reading = _Reading()
    for manifest in _items(manifests):
        reading.add(manifest)
    snapshot = reading.snapshot()
    channels = sorted(snapshot.channels, key=lambda channel: (channel.namespace, channel.name))
    return PlanReport(
        tuple(explain(channel, snapshot.agents) for channel in channels), tuple(reading.problems)
    )


@dataclass(slots=True)
class _Reading:
    """The objects read so far, by kind, namespace and name."""

    objects: dict[tuple[str, str, str], Resource] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, manifest: Any) -> None:  # noqa: ANN401 - whatever stands in the file
        if not isinstance(manifest, dict):
            error = InvalidManifest({}, [f"expected a mapping, got {type(manifest).__name__}"])
            self.problems.append(Problem(error, "", DEFAULT_NAMESPACE, ""))
            return
        group = str(manifest.get("apiVersion", "")).partition("/")[0]
        if group != AGENT.group:
            return
        kind = kind_of(manifest)
        resource = next((resource for resource in RESOURCES if kind == resource.KIND), None)
        if resource is None:
            api_version, name = str(manifest["apiVersion"]), str(manifest.get("kind", ""))
            self._report(manifest, UnknownKind(api_version, name))
            return
        for path in unknown_fields(manifest):
            self._report(manifest, UnknownField(resource.KIND.kind, path))
        try:
            read = _in_default_namespace(resource.from_manifest(manifest))
            _refuse_broken_text(manifest, read)
        except InvalidManifest as error:
            self._report(manifest, error)
            return
        key = (read.KIND.kind, read.namespace, read.name)
        if key in self.objects:
            self._report(manifest, DuplicateName(read.KIND.kind, f"{read.namespace}/{read.name}"))
            return
        self.objects[key] = read
        for problem in _problems_within(read):
            self._report(manifest, problem)

    def snapshot(self) -> Snapshot:
        """What was read and counts for planning."""
        objects = self.objects.values()
        return Snapshot(
            agents=tuple(one for one in objects if isinstance(one, Agent)),
            channels=tuple(one for one in objects if isinstance(one, Channel)),
        )

    def _report(self, manifest: Manifest, error: LmosError) -> None:
        kind, namespace, name = identity_of(manifest)
        self.problems.append(Problem(error, kind, namespace or DEFAULT_NAMESPACE, name))


def _encodable(text: str) -> str:
    """`text` with escapes for halves of surrogate pairs, which YAML lets in and UTF-8 does not let out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _refuse_broken_text(manifest: Manifest, read: Resource) -> None:
    try:
        read.model_dump_json()
    except PydanticSerializationError as error:
        raise InvalidManifest(manifest, ["a text holds half of a surrogate pair"]) from error


def _items(manifests: Sequence[Any]) -> Iterator[Any]:
    for manifest in manifests:
        is_list = isinstance(manifest, dict) and manifest.get("kind") == "List"
        items = manifest.get("items") if is_list else [manifest]
        yield from (item for item in items or () if item is not None)


def _in_default_namespace(resource: Resource) -> Resource:
    if resource.namespace:
        return resource
    metadata = resource.metadata.model_copy(update={"namespace": DEFAULT_NAMESPACE})
    return resource.model_copy(update={"metadata": metadata})


def _problems_within(resource: Resource) -> Sequence[LmosError]:
    if isinstance(resource, Channel):
        return channel_problems(resource)
    if isinstance(resource, Agent):
        return agent_problems(resource)
    return ()


def _channel(explanation: Explanation) -> dict[str, Any]:
    channel = explanation.channel
    status = ResolveStatus.RESOLVED if explanation.is_resolved else ResolveStatus.UNRESOLVED
    wires = [finding.wire for finding in explanation.findings if finding.wire is not None]
    return {
        "namespace": channel.namespace,
        "name": channel.name,
        "resolveStatus": str(status),
        "unresolved": [
            required_to_json(finding.required) for finding in explanation.findings if finding.wire is None
        ],
        "routing": routing_for(channel, wires).to_manifest(),
        "explain": [finding_to_json(finding, channel) for finding in explanation.findings],
    }
