"""Objects of the API: apply, get, describe, delete, export."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lmos.cli.options import FilesOption, KubeconfigOption, NamespaceOption, Output, OutputOption

if TYPE_CHECKING:
    from lmos.core.errors import LmosError

KindArgument = Annotated[
    str, typer.Argument(help="Plural, singular, short or kind name: agents, ch, Channel …")
]
NameArgument = Annotated[str, typer.Argument(help="The object's name.", show_default=False)]
AllNamespacesOption = Annotated[bool, typer.Option("-A", "--all-namespaces", help="Of every namespace.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (apply, get, describe, delete, export):
        app.command()(command)


def apply(files: FilesOption, namespace: NamespaceOption = "", kubeconfig: KubeconfigOption = None) -> None:
    """Create or change the objects of manifests, by server-side apply."""
    from lmos.apps.applying import apply_files
    from lmos.apps.instance import cluster_of
    from lmos.cli.output import complain, waiting

    async def run() -> list[LmosError]:
        failures: list[LmosError] = []
        async with cluster_of(kubeconfig) as cluster:
            outcomes = apply_files(cluster, files, namespace or cluster.namespace)
            while True:
                with waiting("Applying"):
                    outcome = await anext(outcomes, None)
                if outcome is None:
                    return failures
                if outcome.error:
                    failures.append(outcome.error)
                    complain(outcome.error, outcome.subject)
                else:
                    typer.echo(f"{outcome.subject} {outcome.deed}")

    if failures := asyncio.run(run()):
        raise typer.Exit(failures[0].exit_status)


def get(
    kind: KindArgument,
    name: NameArgument = "",
    namespace: NamespaceOption = "",
    *,
    all_namespaces: AllNamespacesOption = False,
    output: OutputOption = Output.table,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print objects of a kind."""
    from lmos.apps.browsing import find_kind, read_objects, read_table
    from lmos.apps.instance import cluster_of
    from lmos.cli.output import print_table, print_value, waiting

    async def run() -> None:
        async with cluster_of(kubeconfig) as cluster:
            where = "" if all_namespaces else namespace or cluster.namespace
            with waiting("Reading"):
                found = await find_kind(cluster, kind)
                as_table = output is Output.table
                read = await (read_table if as_table else read_objects)(cluster, found, where, name)
            if isinstance(read, dict):
                print_value(read, output)
            else:
                print_table(*read, empty=f"No {found.plural} found in {where or 'any namespace'}.")

    asyncio.run(run())


def describe(
    kind: KindArgument,
    name: NameArgument,
    namespace: NamespaceOption = "",
    output: OutputOption = Output.table,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print an object with its status and its Events."""
    from lmos.apps.browsing import events_about, find_kind, read_objects
    from lmos.apps.instance import cluster_of
    from lmos.cli.describing import print_description
    from lmos.cli.output import print_value, waiting

    async def run() -> None:
        async with cluster_of(kubeconfig) as cluster:
            with waiting("Reading"):
                found = await find_kind(cluster, kind)
                manifest = await read_objects(cluster, found, namespace or cluster.namespace, name)
                events = await events_about(cluster, manifest)
            if output is Output.table:
                print_description(manifest, events)
            else:
                print_value({"object": manifest, "events": events}, output)

    asyncio.run(run())


def delete(
    kind: KindArgument,
    name: NameArgument,
    namespace: NamespaceOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Delete an object; what it owns goes with it."""
    from lmos.apps.browsing import find_kind
    from lmos.apps.instance import cluster_of
    from lmos.cli.output import waiting

    async def run() -> None:
        async with cluster_of(kubeconfig) as cluster:
            with waiting("Deleting"):
                found = await find_kind(cluster, kind)
                await cluster.delete(found, name, namespace or cluster.namespace)
            typer.echo(f"{found.plural}/{name} deleted")

    asyncio.run(run())


def export(
    what: Annotated[str, typer.Argument(help="What to write: crds.")],
    folder: Annotated[
        Path | None, typer.Option("-d", "--directory", help="Write a file each here instead of printing.")
    ] = None,
) -> None:
    """Write what LMOS generates: the CRDs of its four kinds."""
    from lmos.cli.output import as_yaml
    from lmos.core.errors import InvalidInput
    from lmos.core.resources.definitions import crd_files

    if what != "crds":
        raise InvalidInput(f"There is nothing called {what!r} to export.", hint="Use: lmos export crds")
    texts = {name: as_yaml(manifest) for name, manifest in crd_files().items()}
    if folder is None:
        typer.echo("---\n".join(texts.values()), nl=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"{folder / name} written")
