"""What a Deployment asks of a machine: which process, how many, and how to see that one is ready."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lmos.core.errors import InvalidInput
from lmos.core.resources.workload import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.resources.kinds import Manifest

_READINESS_PERIOD_SECONDS = 10.0
_FAILURE_THRESHOLD = 3
_TERMINATION_GRACE_SECONDS = 30.0
_REFERENCE = re.compile(r"\$\$|\$\((?P<name>[^()\s]+)\)")


class UnrunnableDeployment(InvalidInput):
    """A Deployment that this machine cannot run as a process."""

    code: ClassVar[str] = "UnrunnableDeployment"


@dataclass(frozen=True, slots=True)
class Probe:
    """
    How to see that a process is ready.

    Attributes:
        path: HTTP path that must answer 200 to 399; empty for a plain TCP connection.
        period_seconds: Time between two looks once the process was ready.
        failure_threshold: Failed looks in a row after which it no longer is.
    """

    path: str = ""
    period_seconds: float = _READINESS_PERIOD_SECONDS
    failure_threshold: int = _FAILURE_THRESHOLD


@dataclass(frozen=True, slots=True)
class Workload:
    """
    The processes of a Deployment.

    Attributes:
        revision: Changes when the pod template changes; processes of another revision are replaced.
        command: Program and arguments; `$(NAME)` in them stands for a variable.
        environment: Added to this machine's environment, beside `PORT` and `HOST`.
        directory: Working directory; empty for that of LMOS itself.
        grace_seconds: Time between SIGTERM and SIGKILL.
    """

    replicas: int
    revision: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    directory: str = ""
    readiness: Probe = Probe()
    grace_seconds: float = _TERMINATION_GRACE_SECONDS


def workload_of(deployment: Manifest) -> Workload:
    """
    Read a Deployment's template.

    Raises:
        UnrunnableDeployment: It has no command, several containers, or a field that needs a cluster.
    """
    name = deployment["metadata"]["name"]
    spec = deployment["spec"]
    pod = spec["template"].get("spec", {})
    containers = pod.get("containers", [])
    if len(containers) != 1:
        raise UnrunnableDeployment(
            f"Deployment {name!r} has {len(containers)} containers; one machine runs exactly one.",
            hint="Give each container its own Deployment.",
        )
    container = containers[0]
    command = tuple(map(str, (*container.get("command", ()), *container.get("args", ()))))
    if not container.get("command"):
        raise UnrunnableDeployment(
            f"Deployment {name!r} names image {container.get('image', '')!r} but no command.",
            hint="Images are not run on one machine: add `command:` to the container, "
            "for example [lmos, agent, run, agent.py].",
        )
    annotations = deployment["metadata"].get("annotations", {})
    template = json.dumps([spec["template"], annotations.get(DIRECTORY)], sort_keys=True)
    return Workload(
        replicas=int(spec.get("replicas", 1)),
        revision=hashlib.sha256(template.encode()).hexdigest()[:10],
        command=command,
        environment=tuple(_variable(name, entry) for entry in container.get("env", ())),
        directory=container.get("workingDir") or annotations.get(DIRECTORY, ""),
        readiness=_probe(container.get("readinessProbe", {})),
        grace_seconds=float(pod.get("terminationGracePeriodSeconds", _TERMINATION_GRACE_SECONDS)),
    )


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """
    `text` with `$(NAME)` replaced by the variable; `$$` stands for a dollar, an unknown name for itself.

    So `--port $(PORT)` works in the command of an Agent that reads no environment.

    Source:
        Kubernetes, `Container.command`.
    """

    def value(found: re.Match[str]) -> str:
        return "$" if found["name"] is None else variables.get(found["name"], found[0])

    return _REFERENCE.sub(value, text)


def _variable(deployment: str, entry: dict[str, Any]) -> tuple[str, str]:
    if "valueFrom" in entry:
        raise UnrunnableDeployment(
            f"Deployment {deployment!r} takes variable {entry['name']} from another object.",
            hint="On one machine give its `value`, or set it in the environment of `lmos up`.",
        )
    return str(entry["name"]), str(entry.get("value", ""))


def _probe(probe: dict[str, Any]) -> Probe:
    return Probe(
        path=probe.get("httpGet", {}).get("path", "/") if "httpGet" in probe else "",
        period_seconds=float(probe.get("periodSeconds", _READINESS_PERIOD_SECONDS)),
        failure_threshold=int(probe.get("failureThreshold", _FAILURE_THRESHOLD)),
    )
