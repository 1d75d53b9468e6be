"""Objects of the API: apply, get, describe, delete, export."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from lmos.cli.options import FilesOption, KubeconfigOption, NamespaceOption, Output, OutputOption

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

    async def run() -> int:
        failures = 0
        async with cluster_of(kubeconfig) as cluster:
            async for outcome in apply_files(cluster, files, namespace or cluster.namespace):
                if outcome.error:
                    failures += 1
                    typer.secho(f"{outcome.subject}: {outcome.error.message}", fg="red", err=True)
                    if outcome.error.hint:
                        typer.echo(f"  {outcome.error.hint}", err=True)
                else:
                    typer.echo(f"{outcome.subject} {outcome.deed}")
        return failures

    if asyncio.run(run()):
        raise typer.Exit(1)


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
    from lmos.cli.output import print_table, print_value

    async def run() -> None:
        async with cluster_of(kubeconfig) as cluster:
            found = await find_kind(cluster, kind)
            where = "" if all_namespaces else namespace or cluster.namespace
            if output is Output.table:
                columns, rows = await read_table(cluster, found, where, name)
                print_table(columns, rows, empty=f"No {found.plural} found in {where or 'any namespace'}.")
            else:
                print_value(await read_objects(cluster, found, where, name), output)

    asyncio.run(run())


def describe(
    kind: KindArgument,
    name: NameArgument,
    namespace: NamespaceOption = "",
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Print an object with its status and its Events."""
    from lmos.apps.browsing import events_about, find_kind
    from lmos.apps.instance import cluster_of
    from lmos.cli.output import print_table, print_value

    async def run() -> None:
        async with cluster_of(kubeconfig) as cluster:
            found = await find_kind(cluster, kind)
            where = namespace or cluster.namespace
            manifest = await cluster.get(found, name, where)
            manifest["metadata"].pop("managedFields", None)
            print_value(manifest, Output.yaml)
            typer.echo("\nEvents:")
            events = await events_about(cluster, manifest)
            print_table(("last seen", "type", "reason", "message"), events, empty="  none")

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

    async def run() -> None:
        async with cluster_of(kubeconfig) as cluster:
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
    import yaml

    from lmos.core.errors import InvalidInput
    from lmos.core.resources.crds import crd_files

    if what != "crds":
        raise InvalidInput(f"There is nothing called {what!r} to export.", hint="Use: lmos export crds")
    texts = {name: _yaml(manifest, yaml) for name, manifest in crd_files().items()}
    if folder is None:
        typer.echo("---\n".join(texts.values()), nl=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"{folder / name} written")


def _yaml(manifest: dict[str, Any], yaml: Any) -> str:  # noqa: ANN401 - the module, imported late
    text: str = yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=110)
    return text
