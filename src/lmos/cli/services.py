"""The services as processes of their own: apiserver, operator, runtime."""

from __future__ import annotations

from typing import Annotated

import typer

from lmos.cli.options import LAST_PORT, KubeconfigOption, ManagementPortOption

HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
DataOption = Annotated[
    str, typer.Option("--data", help="Folder that keeps everything, or :memory: to keep nothing.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (apiserver, operator, runtime):
        app.command()(command)


def apiserver(
    port: Annotated[
        int, typer.Option("--port", help="Port to listen on; 0 takes a free one.", max=LAST_PORT)
    ] = 8001,
    data: DataOption = ".lmos",
) -> None:
    """Serve the embedded Kubernetes API on loopback."""
    from lmos.apps.apiserver import run

    run(port, data)


def operator(
    port: Annotated[int, typer.Option("--port", help="Port of its REST API.", max=LAST_PORT)] = 8080,
    host: HostOption = "127.0.0.1",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Reconcile Agents and Channels of an API server, and serve the operator's REST API."""
    from lmos.apps.operator import run

    run(kubeconfig, host, port)


def runtime(
    port: Annotated[int, typer.Option("--port", help="Port of its doors.", max=LAST_PORT)] = 8081,
    host: HostOption = "127.0.0.1",
    data: DataOption = ".lmos",
    management_port: ManagementPortOption = None,
    kubeconfig: KubeconfigOption = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Processes that share the work.", min=1, max=64)
    ] = 1,
) -> None:
    """Take users' messages and send each to the most capable Agent."""
    if workers > 1:
        from lmos.apps import workers as several

        several.run(kubeconfig, host, port, data, management_port, workers)
        return
    from lmos.apps.arithmetic import on_one_thread

    with on_one_thread():
        from lmos.apps.runtime import run

    run(kubeconfig, host, port, data, management_port)
