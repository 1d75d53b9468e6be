"""How the router of one Channel is told to do otherwise."""

import pytest

from lmos.core.resources.labels import ROUTER_SETTINGS
from lmos.router import RouterSettings
from lmos.router.settings import InvalidRouterSettings


def test_a_channel_that_says_nothing_has_the_defaults() -> None:
    assert RouterSettings.of({"somebody.else/router": "precision: 0.5"}) == RouterSettings()
    assert RouterSettings.of({ROUTER_SETTINGS: ""}) == RouterSettings()


def test_settings_are_a_yaml_mapping() -> None:
    settings = RouterSettings.of({ROUTER_SETTINGS: "precision: 0.9\nfastTrack: 0.95\nstages: [vector, llm]"})

    assert (settings.precision, settings.fast_track) == (0.9, 0.95)
    assert settings.stages == {"vector", "llm"}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("precision: 1.5", "precision: Input should be less than or equal to 1"),
        ("precison: 0.9", "precison: Extra inputs are not permitted"),
        ("stages: [oracle]", r"stages\[0\]: Input should be 'follow-up', 'vector' or 'llm'"),
        ("[1, 2]", "whole"),
        ("{", "it is no YAML"),
    ],
)
def test_what_cannot_be_used_is_said(written: str, problem: str) -> None:
    with pytest.raises(InvalidRouterSettings, match=problem):
        RouterSettings.of({ROUTER_SETTINGS: written})
