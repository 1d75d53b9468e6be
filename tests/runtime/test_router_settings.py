"""How a Channel says how its Turns are routed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lmos.core.resources.labels import ROUTER_SETTINGS
from lmos.router import RouterSettings
from tests.runtime.rig import routing

if TYPE_CHECKING:
    from lmos.core.resources import Manifest
    from tests.runtime.rig import Rig


def channel(**annotations: str) -> Manifest:
    metadata: dict[str, Any] = {
        "name": "acme-web-stable",
        "namespace": "default",
        "labels": {"tenant": "acme", "channel": "web", "version": "1.0.0"},
        "annotations": annotations,
    }
    return {
        "apiVersion": "lmos.eclipse/v1",
        "kind": "Channel",
        "metadata": metadata,
        "spec": {"requiredCapabilities": [{"name": "billing", "version": "^1"}]},
    }


def settings(rig: Rig) -> RouterSettings:
    return rig.table.find("acme", "web").roster.settings


async def test_a_channel_without_the_annotation_is_routed_as_everywhere(bare: Rig) -> None:
    await bare.serve(channel(), routing("billing"))

    assert settings(bare) == RouterSettings()


async def test_the_annotation_of_a_channel_is_followed(bare: Rig) -> None:
    await bare.serve(channel(**{ROUTER_SETTINGS: "precision: 0.9"}), routing("billing"))
    first = settings(bare).precision
    trained: list[str] = []
    bare.table.on_change(lambda route: trained.append(route.roster.fingerprint))

    await bare.serve(channel(**{ROUTER_SETTINGS: "precision: 0.8"}))

    assert (first, settings(bare).precision) == (0.9, 0.8)
    assert len(trained) == 1


async def test_settings_that_cannot_be_read_are_the_defaults(bare: Rig) -> None:
    await bare.serve(channel(**{ROUTER_SETTINGS: "precision: very"}), routing("billing"))

    assert settings(bare) == RouterSettings()
