"""The generated CRDs: the files are the models, existing manifests stay valid, and both agree on rules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cel
import jsonschema_rs
import pytest
import yaml

from lmos.core.resources import RESOURCES, InvalidManifest, crd_files, crds, unknown_fields

FOLDER = Path(__file__).parents[3] / "deploy" / "crds"
CRDS = {crd["spec"]["names"]["kind"]: crd for crd in crds()}
MODELS = {resource.KIND.kind: resource for resource in RESOURCES}


def schema_of(kind: str) -> dict[str, Any]:
    schema: dict[str, Any] = CRDS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def manifest(kind: str, spec: Any = None, **more: Any) -> dict[str, Any]:
    spec = {} if spec is None else {"spec": spec}
    return {"apiVersion": "lmos.eclipse/v1", "kind": kind, "metadata": {"name": "x"}, **spec, **more}


def requirement(**fields: Any) -> dict[str, Any]:
    return manifest("Channel", {"requiredCapabilities": [fields]})


def canary(**fields: Any) -> dict[str, Any]:
    return manifest("ChannelRollout", {"strategy": {"canary": fields}})


def is_valid_by_crd(document: dict[str, Any]) -> bool:
    schema = schema_of(document["kind"])
    return jsonschema_rs.is_valid(schema, document) and all(
        cel.evaluate(rule, {"self": value}) for rule, value in rules_on(schema, document)
    )


def rules_on(schema: dict[str, Any], value: Any) -> Iterator[tuple[str, Any]]:
    """Every CEL rule with the value that it is about."""
    yield from ((one["rule"], value) for one in schema.get("x-kubernetes-validations", []))
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from rules_on(part, value[name])
    if isinstance(value, list):
        for item in value:
            yield from rules_on(schema["items"], item)


def is_valid_by_model(document: dict[str, Any]) -> bool:
    try:
        MODELS[document["kind"]].from_manifest(document)
    except InvalidManifest:
        return False
    return True


@pytest.mark.parametrize(("file", "crd"), crd_files().items())
def test_the_files_are_what_the_models_say(file: str, crd: dict[str, Any]) -> None:
    """`lmos export crds` rewrites them."""
    assert (FOLDER / file).read_text() == yaml.safe_dump(crd, sort_keys=False)


def test_there_is_no_file_without_a_model() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(crd_files())


@pytest.mark.parametrize(
    ("kind", "plural", "short", "columns"),
    [
        ("Agent", "agents", "ag", []),
        ("Channel", "channels", "ch", [("RESOLVE_STATUS", ".status.resolveStatus")]),
        ("ChannelRouting", "channelroutings", "cr", []),
        ("ChannelRollout", "channelrollouts", "crl", []),
    ],
)
def test_names_and_columns_are_those_of_the_original(
    kind: str, plural: str, short: str, columns: list[tuple[str, str]]
) -> None:
    spec = CRDS[kind]["spec"]
    (version,) = spec["versions"]

    assert (spec["group"], version["name"], spec["scope"]) == ("lmos.eclipse", "v1", "Namespaced")
    assert spec["names"] == {
        "kind": kind,
        "listKind": f"{kind}List",
        "plural": plural,
        "singular": kind.lower(),
        "shortNames": [short],
    }
    found = [(column["name"], column["jsonPath"]) for column in version.get("additionalPrinterColumns", [])]
    assert found == columns
    assert version["subresources"] == {"status": {}}


def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for part in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from parts(part)


@pytest.mark.parametrize("kind", CRDS)
def test_schemas_are_structural_described_and_change_no_manifest(kind: str) -> None:
    for part in parts(schema_of(kind)):
        assert part["type"] in {"object", "array", "string", "integer"}
        assert not part.keys() & {"$ref", "anyOf", "oneOf", "allOf", "title", "default", "uniqueItems"}
        assert part["type"] != "array" or "items" in part
    for name, part in schema_of(kind)["properties"]["spec"]["properties"].items():
        assert part["description"], name


@pytest.mark.parametrize(
    "document",
    [
        manifest("Agent"),
        manifest("Agent", {}),
        manifest("Agent", {"supportedTenants": ["a", "a"], "providedCapabilities": []}),
        manifest("Agent", {"providedCapabilities": [{"name": "get-weather", "version": "1.0"}]}),
        manifest("Agent", {"providedCapabilities": [{"name": "", "version": "not a version"}]}, status={}),
        requirement(name="get-weather", version="odd (range"),
        requirement(id="", name="get-weather", version="", strategy="MOST_SIMILAR"),
        manifest("Channel", {"requiredCapabilities": []}, status={"resolveStatus": "RESOLVED"}),
        manifest("ChannelRouting", {"capabilityGroups": []}),
        manifest("ChannelRollout"),
        canary(canaryChannel={"name": "b", "weight": 300}, stableChannel={"name": "a", "weight": -1}),
    ],
)
def test_manifests_of_the_original_stay_valid(document: dict[str, Any]) -> None:
    assert is_valid_by_crd(document)
    assert is_valid_by_model(document)


SHARES = {"stableChannel": {"name": "a", "weight": 95}, "canaryChannel": {"name": "b", "weight": 5}}


@pytest.mark.parametrize(
    ("document", "is_valid"),
    [
        (requirement(id="urn:bill", version="^1"), True),
        (requirement(version="^1"), False),
        (requirement(name="", id="", version="^1"), False),
        (requirement(name="a"), False),
        (requirement(name="a", version="1", strategy="LOWEST"), False),
        (requirement(name="a\n", version="1"), False),
        (manifest("Channel"), False),
        (manifest("Agent", {"endpoint": {"scheme": "ftp"}}), False),
        (manifest("Agent", {"endpoint": {"host": "a/b"}}), False),
        (manifest("Agent", {"endpoint": {"host": "10.0.0.7", "port": 0}}), False),
        (manifest("Agent", {"endpoint": {"host": "[::1]", "port": 9000, "path": "/ask"}}), True),
        (canary(**SHARES, steps=[{"setWeight": 5}, {"pause": {}}, {"gate": {"minTurns": 1}}]), True),
        (canary(**SHARES, steps=[{"setWeight": 5, "pause": {}}]), False),
        (canary(**SHARES, steps=[{}]), False),
        (canary(**SHARES, steps=[{"setWeight": 101}]), False),
        (canary(**SHARES, steps=[{"pause": {"duration": "1h30m"}}]), True),
        (canary(**SHARES, steps=[{"pause": {"duration": "soon"}}]), False),
        (canary(stableChannel={"weight": 100}, steps=[]), True),
        (canary(stableChannel={"weight": 90}, steps=[]), False),
        (canary(steps=[{"setWeight": 5}]), False),
        (canary(gates=[{"metric": "error-rate", "max": "0.01"}]), True),
        (canary(gates=[{"metric": "error-rate", "max": "0.01", "maxIncrease": "1"}]), False),
        (canary(gates=[{"metric": "error-rate"}]), False),
        (canary(gates=[{"metric": "happiness", "max": "1"}]), False),
        (canary(onFailure="explode"), False),
    ],
)
def test_crd_and_model_agree_on_what_is_valid(document: dict[str, Any], *, is_valid: bool) -> None:
    assert is_valid_by_crd(document) == is_valid
    assert is_valid_by_model(document) == is_valid


def test_unknown_fields_are_named_by_their_path() -> None:
    document = requirement(nmae="view-bill", version="^1") | {"stats": {}}
    document["metadata"]["lables"] = {}

    assert unknown_fields(document) == ["metadata.lables", "spec.requiredCapabilities[0].nmae", "stats"]
    assert unknown_fields({"apiVersion": "v1", "kind": "Secret", "data": {}}) == []
