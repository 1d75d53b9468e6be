"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

LAST_PORT = 65_535


class Output(StrEnum):
    """How a command prints what it found."""

    table = "table"
    json = "json"
    yaml = "yaml"


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="How to print the answer.")]
KubeconfigOption = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig",
        help="The API server to talk to. Default: $KUBECONFIG, then .lmos/kubeconfig here or in a folder"
        " above, then the cluster's own.",
        show_default=False,
    ),
]
NamespaceOption = Annotated[
    str,
    typer.Option("-n", "--namespace", help="Namespace; the kubeconfig's if not given.", show_default=False),
]
FilesOption = Annotated[
    list[Path],
    typer.Option("-f", "--filename", help="A manifest, a folder of manifests, or - for standard input."),
]
RuntimeOption = Annotated[
    str,
    typer.Option(
        "--runtime",
        envvar="LMOS_RUNTIME_URL",
        help="The runtime's URL. Default: the one that `lmos up` wrote beside the kubeconfig.",
        show_default=False,
    ),
]
ManagementPortOption = Annotated[
    int | None,
    typer.Option(
        "--management-port",
        help="Port for health and metrics, which are then not told to users; 0 takes a free one."
        " Default: metrics are at the runtime's own port.",
        max=LAST_PORT,
        show_default=False,
    ),
]
TenantOption = Annotated[str, typer.Option("-t", "--tenant", help="The Tenant; the only one if not given.")]
ChannelOption = Annotated[
    str, typer.Option("-c", "--channel", help="The Channel; the only one if not given.")
]
PlotsOption = Annotated[
    Path | None,
    typer.Option("--plots", help="A folder to write plots to, as SVG files.", show_default=False),
]
