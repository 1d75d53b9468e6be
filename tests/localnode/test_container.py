"""What a Pod asks of a machine: command, environment and files."""

from __future__ import annotations

import base64
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from lmos.core.resources.kinds import CONFIG_MAP, SECRET
from lmos.core.resources.workload import DIRECTORY
from lmos.localnode.configuration import MissingConfiguration, UnrunnablePod, mentions
from lmos.localnode.container import Container, container_of

if TYPE_CHECKING:
    from lmos.core.resources.kinds import Kind, Manifest

ROOT = "/srv/pods/root"
OBJECTS = {
    (CONFIG_MAP, "settings"): {
        "data": {"REGION": "north", "tone": "friendly"},
        "binaryData": {"logo": base64.b64encode(b"\x89PNG").decode()},
    },
    (SECRET, "keys"): {"data": {"TOKEN": base64.b64encode(b"hunter22").decode()}},
}


def find(kind: Kind, namespace: str, name: str) -> Manifest | None:
    assert namespace == "telecom"
    return OBJECTS.get((kind, name))


def container(manifest: dict[str, Any], *others: dict[str, Any], **spec: Any) -> Container:
    """What a Pod with this container, which runs `x` unless it says otherwise, comes to."""
    pod = {
        "metadata": {
            "name": "billing-1",
            "namespace": "telecom",
            "uid": "u-1",
            "labels": {"subset": "canary"},
            "annotations": {DIRECTORY: "/srv/agents"},
        },
        "spec": {"containers": [{"name": "agent", "command": ["x"], **manifest}, *others], **spec},
    }
    return container_of(pod, port=4711, root=ROOT, find=find)


def variables(*env: dict[str, Any], **manifest: Any) -> dict[str, str]:
    """The environment, without what every process gets."""
    found = container({"env": list(env), **manifest}).environment
    return {name: value for name, value in found.items() if name not in ("PORT", "HOST", "LMOS_ROOT")}


def test_command_and_arguments_are_those_of_the_container() -> None:
    it = container({"command": ["lmos", "agent"], "args": ["run", "billing.py"]})

    assert it.command == ("lmos", "agent", "run", "billing.py")
    assert it.directory == "/srv/agents"
    assert container({"workingDir": "/opt"}).directory == "/opt"


def test_every_process_is_told_where_to_listen_and_where_its_files_are() -> None:
    it = container({"env": [{"name": "PORT", "value": "8080"}]})

    assert it.environment == {"PORT": "4711", "HOST": "127.0.0.1", "LMOS_ROOT": ROOT}


def test_variables_can_stand_in_the_command_and_in_later_variables() -> None:
    env = [{"name": "COLOUR", "value": "blue"}, {"name": "CAR", "value": "$(COLOUR) one"}]
    it = container({"command": ["a", "--port=$(PORT)", "$(CAR)", "$(UNKNOWN)", "$$(PORT)"], "env": env})

    assert it.command == ("a", "--port=4711", "blue one", "$(UNKNOWN)", "$(PORT)")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"configMapKeyRef": {"name": "settings", "key": "REGION"}}, "north"),
        ({"secretKeyRef": {"name": "keys", "key": "TOKEN"}}, "hunter22"),
        ({"fieldRef": {"fieldPath": "metadata.name"}}, "billing-1"),
        ({"fieldRef": {"fieldPath": "metadata.namespace"}}, "telecom"),
        ({"fieldRef": {"fieldPath": "metadata.labels['subset']"}}, "canary"),
        ({"fieldRef": {"fieldPath": "metadata.annotations['none']"}}, ""),
        ({"fieldRef": {"fieldPath": "status.podIP"}}, "127.0.0.1"),
    ],
)
def test_a_variable_comes_from_another_object_or_from_the_pod_itself(
    source: dict[str, Any], value: str
) -> None:
    assert variables({"name": "V", "valueFrom": source}) == {"V": value}


def test_all_keys_of_a_config_map_or_secret_become_variables_and_later_ones_win() -> None:
    sources = [
        {"configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "keys"}, "prefix": "MY_"},
        {"configMapRef": {"name": "gone", "optional": True}},
    ]
    found = variables({"name": "REGION", "value": "south"}, envFrom=sources)

    assert found["REGION"] == "south"
    assert found["MY_TOKEN"] == "hunter22"
    assert found["tone"] == "friendly"


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ({"envFrom": [{"configMapRef": {"name": "gone"}}]}, "ConfigMap 'gone' is not there"),
        (
            {"env": [{"name": "V", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "k"}}}]},
            "Secret 'gone' is not there",
        ),
        (
            {"env": [{"name": "V", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "k"}}}]},
            "ConfigMap 'settings' has no key 'k'",
        ),
    ],
)
def test_missing_configuration_is_named(manifest: dict[str, Any], says: str) -> None:
    with pytest.raises(MissingConfiguration, match=says):
        container(manifest)


def test_optional_configuration_may_be_missing() -> None:
    references = [
        {"configMapKeyRef": {"name": "gone", "key": "k", "optional": True}},
        {"secretKeyRef": {"name": "keys", "key": "k", "optional": True}},
    ]

    assert variables(*({"name": "V", "valueFrom": each} for each in references)) == {}


def test_a_secret_in_the_command_is_refused_even_by_way_of_another_variable() -> None:
    env = [
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "TOKEN"}}},
        {"name": "LOGIN", "value": "user:$(TOKEN)"},
    ]
    it = container({"env": env})

    assert it.environment["LOGIN"] == "user:hunter22"
    assert set(it.secrets) == {b"hunter22", b"user:hunter22"}
    with pytest.raises(UnrunnablePod, match="contains LOGIN, which comes from a Secret"):
        container({"env": env, "args": ["--login=$(LOGIN)"]})


VOLUMES = [
    {"name": "settings", "configMap": {"name": "settings"}},
    {"name": "keys", "secret": {"secretName": "keys", "items": [{"key": "TOKEN", "path": "api/token"}]}},
    {"name": "scratch", "emptyDir": {}},
    {"name": "disk", "persistentVolumeClaim": {"claimName": "disk"}},
]


def mounted(*mounts: dict[str, Any]) -> dict[str, bytes]:
    """Path in the container to content."""
    files = container({"volumeMounts": list(mounts)}, volumes=VOLUMES).mounts.files
    return {str(path): value.data for path, value in files.items()}


def test_volumes_are_files_of_config_maps_and_secrets() -> None:
    assert mounted({"name": "settings", "mountPath": "/etc/agent"}) == {
        "/etc/agent/REGION": b"north",
        "/etc/agent/tone": b"friendly",
        "/etc/agent/logo": b"\x89PNG",
    }
    assert mounted({"name": "keys", "mountPath": "/keys/"}) == {"/keys/api/token": b"hunter22"}


def test_a_sub_path_mounts_one_file_or_folder() -> None:
    one = {"name": "settings", "mountPath": "/etc/tone.txt", "subPath": "tone"}
    part = {"name": "keys", "mountPath": "/keys", "subPath": "api"}

    assert mounted(one) == {"/etc/tone.txt": b"friendly"}
    assert mounted(part) == {"/keys/token": b"hunter22"}


def test_mounted_paths_in_command_and_environment_lead_to_the_files_on_this_machine() -> None:
    it = container(
        {
            "command": ["serve", "--config=/etc/agent/tone", "/etc/agent-else", "x/etc/agent", "/etc/agent"],
            "env": [{"name": "SEARCH", "value": "/opt:/etc/agent:/var/scratch/a"}],
            "volumeMounts": [
                {"name": "settings", "mountPath": "/etc/agent"},
                {"name": "scratch", "mountPath": "/var/scratch"},
            ],
        },
        volumes=VOLUMES,
    )

    assert it.command == (
        "serve",
        f"--config={ROOT}/etc/agent/tone",
        "/etc/agent-else",
        "x/etc/agent",
        f"{ROOT}/etc/agent",
    )
    assert it.environment["SEARCH"] == f"/opt:{ROOT}/etc/agent:{ROOT}/var/scratch/a"
    assert PurePosixPath("/var/scratch") in it.mounts.folders


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ({"command": [], "image": "registry.example/billing:1"}, "names image 'registry.example/billing:1'"),
        ({"volumeMounts": [{"name": "disk", "mountPath": "/data"}]}, "Volume 'disk' needs a cluster"),
        ({"volumeMounts": [{"name": "none", "mountPath": "/data"}]}, "Volume 'none' needs a cluster"),
        (
            {"volumeMounts": [{"name": "settings", "mountPath": "/a/../../etc"}]},
            "not lead into the container",
        ),
        ({"volumeMounts": [{"name": "settings", "mountPath": "etc"}]}, "not lead into the container"),
        (
            {"env": [{"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]},
            "asks for 'a resource field'",
        ),
        ({"env": [{"name": "V", "value": "a\0b"}]}, "Variable V has a zero byte"),
    ],
)
def test_what_one_machine_cannot_run_is_said_with_the_next_step(manifest: dict[str, Any], says: str) -> None:
    with pytest.raises(UnrunnablePod, match=says) as caught:
        container(manifest, volumes=VOLUMES)

    assert caught.value.hint


def test_one_machine_runs_exactly_one_container_of_a_pod() -> None:
    with pytest.raises(UnrunnablePod, match="2 containers and 0 init containers"):
        container({}, {"name": "sidecar", "command": ["y"]})
    with pytest.raises(UnrunnablePod, match="1 containers and 1 init containers"):
        container({}, initContainers=[{"name": "first", "command": ["y"]}])


def test_a_path_in_a_volume_that_leads_out_of_it_is_refused() -> None:
    source = {"name": "settings", "items": [{"key": "tone", "path": "../../tone"}]}
    mount = {"volumeMounts": [{"name": "v", "mountPath": "/etc"}]}

    with pytest.raises(UnrunnablePod, match="not lead into the container"):
        container(mount, volumes=[{"name": "v", "configMap": source}])


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"volumes": [{"name": "v", "configMap": {"name": "settings"}}]}, "ConfigMap"),
        ({"volumes": [{"name": "v", "secret": {"secretName": "settings"}}]}, "Secret"),
        ({"containers": [{"envFrom": [{"configMapRef": {"name": "settings"}}]}]}, "ConfigMap"),
        (
            {"containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "settings", "key": "k"}}}]}]},
            "Secret",
        ),
    ],
)
def test_a_pod_mentions_what_its_variables_and_volumes_come_from(spec: dict[str, Any], kind: str) -> None:
    pod = {"metadata": {"namespace": "telecom"}, "spec": spec}
    other = {"Secret": "ConfigMap", "ConfigMap": "Secret"}[kind]

    def named(kind: str, name: str = "settings", namespace: str = "telecom") -> dict[str, Any]:
        return {"kind": kind, "metadata": {"name": name, "namespace": namespace}}

    assert mentions(pod, named(kind))
    assert not mentions(pod, named(other))
    assert not mentions(pod, named(kind, name="other"))
    assert not mentions(pod, named(kind, namespace="bank"))
