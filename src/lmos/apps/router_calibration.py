"""Calibrating the router for a stated goal, by the examples of Agents in files or at the API server."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING

from lmos.apps.channels import the_channel
from lmos.apps.encoders import encoder_of
from lmos.apps.instance import cluster_of
from lmos.apps.route_evaluation import roster_in
from lmos.apps.route_testing import published_roster
from lmos.router.calibrating import calibration_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lmos.router import Roster
    from lmos.router.calibrating import CalibrationReport


def calibrate_files(agents: Path, stated: Mapping[str, float | None]) -> CalibrationReport:
    """
    Calibrate for all Agents of a folder as one Channel's.

    Args:
        agents: A manifest or a folder of them.
        stated: Fields of `RouterSettings` that are not to be as everywhere.

    Raises:
        UnreadableManifest, InvalidManifest, DuplicateName, NothingToRoute: As `roster_in` says.
        TooFewExamples: Fewer examples can be held out than thresholds need.
    """
    return _report(roster_in(agents), stated)


def calibrate_channel(
    kubeconfig: Path | None, tenant: str, channel: str, stated: Mapping[str, float | None]
) -> CalibrationReport:
    """
    Calibrate for the Agents of a Channel as the API server has it.

    Args:
        kubeconfig: Of the API server; where it is None, the one that commands mean.
        tenant: Empty for the only one.
        channel: Empty for the only one.
        stated: Fields of `RouterSettings` that are not to be as the Channel says.

    Raises:
        WhichChannel: `tenant` or `channel` is empty, and not exactly one Channel fits.
        NoRoutingInfo: The Channel has no ChannelRouting.
        NothingToRoute: Its Agents have no Capabilities.
        TooFewExamples: Fewer examples can be held out than thresholds need.
    """
    # What is noted of a ChannelRouting that cannot be read is not part of the report.
    with redirect_stdout(sys.stderr):
        roster = asyncio.run(_published(kubeconfig, tenant, channel))
    return _report(roster, stated)


async def _published(kubeconfig: Path | None, tenant: str, channel: str) -> Roster:
    async with cluster_of(kubeconfig) as cluster:
        if not (tenant and channel):
            tenant, channel = await the_channel(cluster, tenant, channel)
        return await published_roster(cluster, tenant, channel)


def _report(roster: Roster, stated: Mapping[str, float | None]) -> CalibrationReport:
    settings = roster.settings.model_copy(update=stated)
    return calibration_report(replace(roster, settings=settings), encoder_of(os.environ))
