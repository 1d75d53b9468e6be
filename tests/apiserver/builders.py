"""Short words for manifests and requests of the API server's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import httpx2

    from lmos.core.resources.kinds import Manifest

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/shop.test/v1/namespaces/default/widgets"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

WIDGET_SCHEMA: Manifest = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["image"],
            "properties": {
                "image": {"type": "string", "pattern": "^[a-z0-9:]+$"},
                "weight": {"type": "integer", "minimum": 0, "maximum": 100, "default": 10},
                "replicas": {"type": "integer"},
                "tags": {
                    "type": "array",
                    "x-kubernetes-list-type": "set",
                    "items": {"type": "string"},
                },
                "ports": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "port": {"type": "integer"}},
                    },
                },
                "options": {"type": "object", "additionalProperties": {"type": "string"}},
                "size": {"x-kubernetes-int-or-string": True},
                "note": {"type": "string", "nullable": True},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def definition(plural: str = "widgets", kind: str = "Widget", **version: Any) -> Manifest:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.shop.test"},
        "spec": {
            "group": "shop.test",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, "shortNames": [plural[:2]], "categories": ["all"]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "subresources": {
                        "status": {},
                        "scale": {
                            "specReplicasPath": ".spec.replicas",
                            "statusReplicasPath": ".status.replicas",
                            "labelSelectorPath": ".status.selector",
                        },
                    },
                    "additionalPrinterColumns": [
                        {"name": "Weight", "type": "integer", "jsonPath": ".spec.weight"},
                        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                    ],
                    "schema": {"openAPIV3Schema": WIDGET_SCHEMA},
                    **version,
                }
            ],
        },
    }


def widget(name: str, *, metadata: Manifest | None = None, **spec: Any) -> Manifest:
    return {
        "apiVersion": "shop.test/v1",
        "kind": "Widget",
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"image": "a:1", **spec},
    }


def config_map(name: str, *, metadata: Manifest | None = None, **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **(metadata or {})},
        "data": data,
    }


def deployment(name: str, **spec: Any) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "x"}]},
            },
            **spec,
        },
    }


def pod(name: str, *, metadata: Manifest | None = None, **spec: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"containers": [{"name": "main", "image": "i"}], **spec},
    }


def owned_by(owner: Manifest, *, blocks: bool = False) -> Manifest:
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    return {"ownerReferences": [reference | ({"blockOwnerDeletion": True} if blocks else {})]}


async def created(api: httpx2.AsyncClient, collection: str, manifest: Manifest) -> Manifest:
    response = await api.post(collection, json=manifest)
    assert response.status_code == 201, response.text
    answer: Manifest = response.json()
    return answer


async def applied(
    api: httpx2.AsyncClient, path: str, manifest: Manifest, manager: str, *, force: bool = False
) -> httpx2.Response:
    return await api.patch(
        path,
        content=orjson.dumps(manifest),
        params={"fieldManager": manager, "force": str(force).lower()},
        headers={"content-type": "application/apply-patch+yaml"},
    )


async def patched(api: httpx2.AsyncClient, path: str, patch: Any, kind: str = "merge") -> httpx2.Response:
    headers = {"content-type": f"application/{kind}-patch+json"}
    return await api.patch(path, content=orjson.dumps(patch), headers=headers)


async def names(api: httpx2.AsyncClient, path: str, **params: str) -> list[str]:
    response = await api.get(path, params=params)
    assert response.status_code == 200, response.text
    return [item["metadata"]["name"] for item in response.json()["items"]]
