"""The built-in kinds: the table in `builtin.yaml`, and the few rules beside it that a schema cannot say."""

from __future__ import annotations

import base64
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from lmos.apiserver import crds, pods
from lmos.apiserver.kinds import Behaviour, Cell, Resource, resources_of
from lmos.apiserver.selectors import selector_accepts
from lmos.apiserver.status import Cause
from lmos.apiserver.tables import age
from lmos.apiserver.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lmos.apiserver.values import Json
    from lmos.core.resources.kinds import Manifest


@cache
def builtin_resources() -> tuple[Resource, ...]:
    """Every built-in resource, in the order of the table."""
    table = yaml.load(files(__package__).joinpath("builtin.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    reserved = {spec["group"] for spec in table["kinds"]}
    definitions = Behaviour(crds.completed, partial(crds.problems, reserved=reserved))
    behaviours = _BEHAVIOURS | {"CustomResourceDefinition": definitions}
    found: list[Resource] = []
    for spec in table["kinds"]:
        for version in spec["versions"]:
            version |= {"served": True, "storage": True}
        found += resources_of(spec, behaviours.get(spec["names"]["kind"], Behaviour()), _CELLS)
    return tuple(found)


def _with_target_ports(service: Manifest) -> Manifest:
    spec = service.get("spec") or {}
    ports = [{"targetPort": port["port"], **port} for port in spec.get("ports", ()) if "port" in port]
    return {**service, "spec": {**spec, **({"ports": ports} if ports else {})}}


def _with_encoded_data(secret: Manifest) -> Manifest:
    kept = {key: value for key, value in secret.items() if key != "stringData"}
    plain = secret.get("stringData") or {}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    return kept | ({"data": (secret.get("data") or {}) | encoded} if encoded else {})


def _with_pull_policies(pod_spec: Manifest) -> Manifest:
    def completed(container: Manifest) -> Manifest:
        image = str(container.get("image", ""))
        tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
        policy = "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent"
        return {"imagePullPolicy": policy, **container}

    lists = {key: pod_spec[key] for key in ("containers", "initContainers") if key in pod_spec}
    return pod_spec | {key: [completed(item) for item in items] for key, items in lists.items()}


def _completed_pod(pod: Manifest) -> Manifest:
    return pod | {"spec": {"enableServiceLinks": True, **_with_pull_policies(pod["spec"])}}


def _completed_deployment(deployment: Manifest) -> Manifest:
    spec = deployment["spec"]
    template = spec["template"]
    if "spec" in template:
        template = template | {"spec": _with_pull_policies(template["spec"])}
    return deployment | {"spec": spec | {"template": template}}


def _labelled_namespace(namespace: Manifest) -> Manifest:
    metadata = namespace["metadata"]
    labels = {**metadata.get("labels", {}), "kubernetes.io/metadata.name": metadata["name"]}
    return namespace | {"metadata": metadata | {"labels": labels}}


def _deployment_problems(deployment: Manifest, old: Manifest | None) -> Iterator[Cause]:
    spec = deployment["spec"]
    labels = spec["template"].get("metadata", {}).get("labels") or {}
    if not spec["selector"].get("matchLabels") and not spec["selector"].get("matchExpressions"):
        yield Cause("spec.selector", "Invalid value: {}: empty selector is invalid for deployment")
    elif not selector_accepts(spec["selector"], labels):
        message = f"Invalid value: {_text(labels)}: `selector` does not match template `labels`"
        yield Cause("spec.template.metadata.labels", message)
    if old and old["spec"]["selector"] != spec["selector"]:
        yield Cause("spec.selector", f"Invalid value: {_text(spec['selector'])}: field is immutable")
    if "spec" not in spec["template"]:
        yield Cause("spec.template.spec", "Required value")


def _unchanging_problems(kept: Manifest, old: Manifest | None) -> Iterator[Cause]:
    """What may not change in ConfigMaps and Secrets."""
    if old and old.get("immutable"):
        for name in ("data", "binaryData", "immutable"):
            if kept.get(name) != old.get(name):
                message = "Forbidden: field is immutable when `immutable` is set"
                yield Cause(name, message)
    if old and kept.get("type") != old.get("type"):
        yield Cause("type", f'Invalid value: "{kept.get("type")}": field is immutable')


def _config_map_problems(config_map: Manifest, old: Manifest | None) -> Iterator[Cause]:
    for key in config_map.get("data", {}).keys() & config_map.get("binaryData", {}).keys():
        yield Cause(f"data[{key}]", f'Invalid value: "{key}": duplicate of key present in binaryData')
    yield from _unchanging_problems(config_map, old)


def _secret_problems(secret: Manifest, old: Manifest | None) -> Iterator[Cause]:
    for key in _SECRET_KEYS.get(secret["type"], ()):
        if key not in secret.get("data", {}):
            yield Cause(f"data[{key}]", "Required value")
    yield from _unchanging_problems(secret, old)


_SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
}


def _slice_problems(endpoint_slice: Manifest, old: Manifest | None) -> Iterator[Cause]:
    kind = endpoint_slice["addressType"]
    if old and old["addressType"] != kind:
        yield Cause("addressType", f'Invalid value: "{kind}": field is immutable')


def _text(value: Json) -> str:
    return canonical(value).decode()


def _service_problems(service: Manifest, _old: Manifest | None) -> Iterator[Cause]:
    spec = service["spec"]
    ports = spec.get("ports", ())
    if not ports and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        yield Cause("spec.ports", "Required value")
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield Cause(f"spec.ports[{index}].name", "Required value")


def _config_map_data(config_map: Manifest, _now: datetime) -> int:
    return len(config_map.get("data", {})) + len(config_map.get("binaryData", {}))


def _service_ports(service: Manifest, _now: datetime) -> str:
    ports = service["spec"].get("ports") or ()
    return ",".join(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in ports) or "<none>"


def _service_external_ip(service: Manifest, _now: datetime) -> str:
    spec = service["spec"]
    return spec.get("externalName") or ",".join(spec.get("externalIPs") or ()) or "<none>"


def _event_last_seen(event: Manifest, now: datetime) -> str:
    seen = (event.get("series") or {}).get("lastObservedTime") or event.get("lastTimestamp")
    return age(seen or event.get("eventTime") or event["metadata"]["creationTimestamp"], now)


def _event_object(event: Manifest, _now: datetime) -> str:
    about = event["involvedObject"]
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


def _event_source(event: Manifest, _now: datetime) -> str:
    source = event.get("source") or {}
    told = (source.get("component") or event.get("reportingComponent"), source.get("host"))
    return ", ".join(filter(None, told))


_BEHAVIOURS = {
    "ConfigMap": Behaviour(problems=_config_map_problems),
    "Deployment": Behaviour(_completed_deployment, _deployment_problems),
    "EndpointSlice": Behaviour(problems=_slice_problems),
    "Namespace": Behaviour(_labelled_namespace),
    "Pod": Behaviour(_completed_pod, pods.problems, pods.grace),
    "Secret": Behaviour(_with_encoded_data, _secret_problems),
    "Service": Behaviour(_with_target_ports, _service_problems),
}
_CELLS: dict[str, Cell] = {
    "config-map-data": _config_map_data,
    "pod-ready": pods.ready,
    "pod-status": pods.status,
    "pod-restarts": pods.restarts,
    "pod-readiness-gates": pods.readiness_gates,
    "event-last-seen": _event_last_seen,
    "event-object": _event_object,
    "event-source": _event_source,
    "service-ports": _service_ports,
    "service-external-ip": _service_external_ip,
}
