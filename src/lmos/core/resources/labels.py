"""Labels and annotations that carry meaning, and the Subset that they name."""

from collections.abc import Mapping

TENANT = "tenant"
CHANNEL = "channel"
SUBSET = "subset"
VERSION = "version"
LMOS_AGENT = "lmos-agent"
"""Marks the Deployments that discovery looks at, and the Agents that it writes; its value is "true"."""

DISCOVERED_GENERATION = "lmos.eclipse/discovered-generation"
"""On an Agent: the generation of the Deployment at which its description was fetched."""
CHANNELS = "lmos.eclipse/channels"
"""On a Deployment: the Channels, separated by commas, of an Agent whose description names none."""

ROUTER_SETTINGS = "lmos.eclipse/router"
"""On a Channel: how its Turns are routed, as a YAML mapping; `lmos.router.settings` reads it."""

STABLE = "stable"
"""The Subset of whatever names none."""


def subset_of(labels: Mapping[str, str]) -> str:
    """
    The Subset that `labels` name.

    Absent and empty both mean `stable`: the original writes an empty label where a Channel has none
    (contract §6.3).
    """
    return labels.get(SUBSET) or STABLE


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a Service with this selector stands for Pods with these labels; an empty one for none."""
    return bool(selector) and selector.items() <= labels.items()
