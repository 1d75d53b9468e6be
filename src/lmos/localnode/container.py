"""What a Pod asks of a machine: a command, an environment and files. A function of manifests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmos.core.resources.kinds import CONFIG_MAP, SECRET
from lmos.core.resources.workload import DIRECTORY
from lmos.localnode.configuration import LOOPBACK, Configuration, UnrunnablePod, Value
from lmos.localnode.volumes import Mounts, mounts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.resources.kinds import Manifest
    from lmos.localnode.configuration import Find

ROOT_VARIABLE = "LMOS_ROOT"
"""Names the folder that stands for the container's root: what is mounted at /etc/x is at $LMOS_ROOT/etc/x."""

_REFERENCE = re.compile(r"\$\$|\$\((?P<name>[^()\s]+)\)")


@dataclass(frozen=True, slots=True)
class Container:
    """
    A process as a Pod wants it.

    Attributes:
        command: Program and arguments, with nothing left to fill in.
        environment: Added to this machine's environment.
        directory: Working directory; empty for that of LMOS itself.
        mounts: The files below the folder that stands for its root.
        secrets: What must not be seen in its log.
    """

    command: tuple[str, ...]
    environment: dict[str, str]
    directory: str
    mounts: Mounts
    secrets: tuple[bytes, ...]


def container_of(pod: Manifest, *, port: int, root: str, find: Find) -> Container:
    """
    Read a Pod's one container.

    Args:
        pod: Its manifest.
        port: Where it shall listen: `PORT` in its environment.
        root: The folder that stands for its file system.
        find: Looks up ConfigMaps and Secrets by kind, namespace and name.

    Raises:
        UnrunnablePod: No command, several containers, a field that needs a cluster, or a Secret in the
            command, where everybody on this machine could read it.
        MissingConfiguration: A ConfigMap, Secret or key is missing.
    """
    manifest = only_container(pod)
    configuration = Configuration(pod, find)
    mounts = mounts_of(pod, manifest, configuration)
    variables = _variables(manifest, configuration, mounts, root)
    # These are ours to say, whatever the manifest says.
    variables |= {
        "PORT": Value(str(port).encode()),
        "HOST": Value(LOOPBACK.encode()),
        ROOT_VARIABLE: Value(root.encode()),
    }
    annotations = pod["metadata"].get("annotations") or {}
    return Container(
        command=tuple(
            mounts.located(_word(str(word), variables), root)
            for word in (*manifest["command"], *(manifest.get("args") or ()))
        ),
        environment={name: value.text(name) for name, value in variables.items()},
        directory=manifest.get("workingDir") or annotations.get(DIRECTORY, ""),
        mounts=mounts,
        secrets=tuple(
            value.data for value in (*variables.values(), *mounts.files.values()) if value.is_secret
        ),
    )


def only_container(pod: Manifest) -> Manifest:
    """The one container that can be run as a process. Raises UnrunnablePod."""
    containers, before = pod["spec"].get("containers") or [], pod["spec"].get("initContainers") or []
    if len(containers) != 1 or before:
        raise UnrunnablePod(
            f"It has {len(containers)} containers and {len(before)} init containers; one machine runs "
            "exactly one container.",
            hint="Give each container its own Deployment.",
        )
    container: Manifest = containers[0]
    if not container.get("command"):
        raise UnrunnablePod(
            f"It names image {container.get('image', '')!r} but no command.",
            hint="Images are not run on one machine: add `command:` to the container, "
            "for example [lmos, agent, run, agent.py].",
        )
    return container


def _variables(
    container: Manifest, configuration: Configuration, mounts: Mounts, root: str
) -> dict[str, Value]:
    """`envFrom`, then `env`; a later name wins, and may refer to the earlier ones."""
    found: dict[str, Value] = {}
    for source in container.get("envFrom") or ():
        prefix = source.get("prefix", "")
        for kind, name in ((CONFIG_MAP, "configMapRef"), (SECRET, "secretRef")):
            if reference := source.get(name):
                everything = configuration.all_of(kind, reference)
                found |= {prefix + key: value for key, value in everything.items()}
    for entry in container.get("env") or ():
        name = str(entry["name"])
        if source := entry.get("valueFrom"):
            value = configuration.variable(source)
            found |= {name: value} if value else {}
        else:
            text, secrets = _filled(str(entry.get("value", "")), found)
            located = mounts.located(text, root)
            found[name] = Value(located.encode(errors="surrogateescape"), is_secret=bool(secrets))
    return found


def _word(text: str, variables: Mapping[str, Value]) -> str:
    """
    One word of the command, with `$(NAME)` filled in.

    So `--port $(PORT)` works in the command of an Agent that reads no environment.
    """
    word, secrets = _filled(text, variables)
    if secrets:
        raise UnrunnablePod(
            f"Its command contains {', '.join(secrets)}, which comes from a Secret: everybody on this "
            "machine can read the commands of processes.",
            hint="Let the program read it from its environment or from a file.",
        )
    return word


def _filled(text: str, variables: Mapping[str, Value]) -> tuple[str, list[str]]:
    """
    `text` with `$(NAME)` replaced by the variable, and the names of those that are secret.

    `$$` stands for a dollar, an unknown name for itself.

    Source:
        Kubernetes, `Container.command`.
    """
    secrets = []

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "$"
        if name not in variables:
            return found[0]
        if variables[name].is_secret:
            secrets.append(name)
        return variables[name].text(name)

    return _REFERENCE.sub(value, text), secrets
