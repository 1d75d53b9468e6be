"""The built-in kinds: the table in `builtin.yaml`, and the few rules beside it that a schema cannot say."""

from __future__ import annotations

import base64
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from lmos.apiserver import crds
from lmos.apiserver.kinds import Check, Completion, Resource, accept_all, as_it_is, resources_of
from lmos.apiserver.selectors import selector_accepts
from lmos.apiserver.status import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmos.core.resources.kinds import Manifest


@cache
def builtin_resources() -> tuple[Resource, ...]:
    """Every built-in resource, in the order of the table."""
    table = yaml.load(files(__package__).joinpath("builtin.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    groups = {spec["group"] for spec in table["kinds"]}
    checks = _CHECKS | {"CustomResourceDefinition": partial(crds.problems, reserved=groups)}
    found: list[Resource] = []
    for spec in table["kinds"]:
        for version in spec["versions"]:
            version |= {"served": True, "storage": True}
        kind = spec["names"]["kind"]
        completion, check = _COMPLETIONS.get(kind, as_it_is), checks.get(kind, accept_all)
        found += resources_of(spec, is_custom=False, completion=completion, check=check)
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


def _deployment_problems(deployment: Manifest, old: Manifest | None) -> Iterator[Cause]:
    spec = deployment["spec"]
    labels = spec["template"].get("metadata", {}).get("labels") or {}
    if not spec["selector"].get("matchLabels") and not spec["selector"].get("matchExpressions"):
        yield Cause("spec.selector", "Invalid value: empty selector is invalid for deployment")
    elif not selector_accepts(spec["selector"], labels):
        message = f"Invalid value: {labels}: `selector` does not match template `labels`"
        yield Cause("spec.template.metadata.labels", message)
    if old and old["spec"]["selector"] != spec["selector"]:
        yield Cause("spec.selector", "Invalid value: field is immutable")
    if "spec" not in spec["template"]:
        yield Cause("spec.template.spec", "Required value", "FieldValueRequired")


def _service_problems(service: Manifest, _old: Manifest | None) -> Iterator[Cause]:
    ports = service["spec"].get("ports", ())
    for index, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield Cause(f"spec.ports[{index}].name", "Required value", "FieldValueRequired")


_COMPLETIONS: dict[str, Completion] = {
    "Service": _with_target_ports,
    "Secret": _with_encoded_data,
    "CustomResourceDefinition": crds.established,
}
_CHECKS: dict[str, Check] = {"Deployment": _deployment_problems, "Service": _service_problems}
