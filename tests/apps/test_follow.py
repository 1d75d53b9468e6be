"""Following files: the cluster becomes what the files say, again and again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lmos.apps.follow import SOURCE, Follower
from lmos.core.resources.kinds import AGENT, CHANNEL, CONFIG_MAP, DEPLOYMENT, NAMESPACE, SERVICE
from lmos.core.resources.workload import DIRECTORY
from lmos.localnode import Reaper
from lmos.testing.cluster import MemoryCluster, memory_cluster
from lmos.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from lmos.apps.applying import Outcome
    from lmos.core.resources.kinds import Kind

pytestmark = pytest.mark.e2e

DEPLOYMENT_HEAD = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\n"


class Followed:
    """A cluster that follows files, and what was reported about them."""

    def __init__(self, cluster: MemoryCluster) -> None:
        self.cluster = cluster
        self.reports: list[list[Outcome]] = []

    async def names(self, kind: Kind) -> list[str]:
        return [each["metadata"]["name"] for each in (await self.cluster.list(kind)).items]

    async def becomes(self, kind: Kind, *names: str) -> None:
        async def is_so() -> bool:
            return await self.names(kind) == list(names)

        await eventually(is_so)

    async def reported(self, code: str) -> str:
        """The message of the newest report with that code."""

        def find() -> str:
            errors = [each.error for report in self.reports for each in report if each.error]
            return next((error.message for error in reversed(errors) if error.code == code), "")

        return await eventually(find)


@asynccontextmanager
async def following(*paths: Path, cluster: MemoryCluster | None = None) -> AsyncIterator[Followed]:
    """A running follower of these paths."""
    if cluster is None:
        async with memory_cluster() as fresh, following(*paths, cluster=fresh) as it:
            yield it
        return
    it = Followed(cluster)
    applied = asyncio.Event()
    data = paths[0].parent / ".lmos"
    with Reaper() as reaper:
        follower = Follower(cluster, paths, data=data, reaper=reaper, report=it.reports.append)
        running = asyncio.create_task(follower.run(applied=applied))
        try:
            await asyncio.wait_for(applied.wait(), 20)
            yield it
        finally:
            running.cancel()
            await asyncio.wait([running])


def config(name: str, **metadata: Any) -> str:
    more = "".join(f", {key}: {value}" for key, value in metadata.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{more}}}\n"


async def test_what_is_added_is_applied_and_what_is_removed_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(config("one"))
    async with following(tmp_path) as it:
        await it.becomes(CONFIG_MAP, "one")
        (tmp_path / "a.yaml").write_text(f"{config('two')}---\n{config('three')}")
        await it.becomes(CONFIG_MAP, "three", "two")
        (tmp_path / "b.yaml").write_text(config("four"))
        await it.becomes(CONFIG_MAP, "four", "three", "two")
        (tmp_path / "a.yaml").unlink()
        await it.becomes(CONFIG_MAP, "four")


async def test_a_file_that_an_editor_replaces_is_still_followed(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(config("one"))
    async with following(file) as it:
        for name in ("two", "three"):
            (tmp_path / "draft").write_text(config(name))
            (tmp_path / "draft").rename(file)
            await it.becomes(CONFIG_MAP, name)


async def test_an_unreadable_file_keeps_its_objects(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(config("one"))
    async with following(tmp_path) as it:
        (tmp_path / "a.yaml").write_text("kind: [")
        said = await it.reported("UnreadableManifest")
        (tmp_path / "b.yaml").write_text(config("two"))
        await it.becomes(CONFIG_MAP, "one", "two")

    assert "a.yaml" in said


async def test_what_was_removed_while_nobody_looked_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{config('one')}---\n{config('two')}")
    async with memory_cluster() as cluster:
        async with following(tmp_path, cluster=cluster):
            pass
        (tmp_path / "a.yaml").write_text(config("two"))
        async with following(tmp_path, cluster=cluster) as it:
            assert await it.names(CONFIG_MAP) == ["two"]


async def test_objects_of_other_files_and_of_people_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.yaml").write_text(config("mine"))
    async with memory_cluster() as cluster:
        await cluster.create(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "by-hand", "namespace": "default"},
            },
            CONFIG_MAP,
        )
        noted = {"name": "theirs", "namespace": "default", "annotations": {SOURCE: "/elsewhere/a.yaml"}}
        await cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": noted}, CONFIG_MAP)
        async with following(tmp_path / "mine", cluster=cluster) as it:
            assert await it.names(CONFIG_MAP) == ["by-hand", "mine", "theirs"]


async def test_namespaces_come_first_and_their_objects_are_followed_as_well(tmp_path: Path) -> None:
    shop = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    (tmp_path / "a.yaml").write_text(f"{config('one', namespace='shop')}---\n{shop}")
    async with following(tmp_path) as it:
        await it.becomes(CONFIG_MAP, "one")
        (tmp_path / "a.yaml").write_text(shop)
        await it.becomes(CONFIG_MAP)

        assert "shop" in await it.names(NAMESPACE)


async def test_the_second_of_two_manifests_for_one_object_is_refused_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(config("one", labels="{from: a}"))
    (tmp_path / "b.yaml").write_text(config("one", labels="{from: b}"))
    async with following(tmp_path) as it:
        said = await it.reported("DuplicateName")
        (one,) = (await it.cluster.list(CONFIG_MAP)).items

    assert "default/one" in said
    assert one["metadata"]["labels"] == {"from": "a"}


async def test_a_typo_in_a_field_is_reported_and_the_rest_is_applied(tmp_path: Path) -> None:
    typo = "apiVersion: lmos.eclipse/v1\nkind: Agent\nmetadata: {name: a}\nspec: {suportedChannels: [web]}\n"
    (tmp_path / "a.yaml").write_text(f"{typo}---\n{config('one')}")
    async with following(tmp_path) as it:
        said = await it.reported("UnknownField")

        assert "spec.suportedChannels" in said
        assert await it.names(CONFIG_MAP) == ["one"]
        assert await it.names(AGENT) == []


@pytest.mark.parametrize(
    "broken",
    [
        f"{DEPLOYMENT_HEAD}spec: {{template: {{spec: {{containers: 5}}}}}}",
        f"{DEPLOYMENT_HEAD}spec: {{template: {{spec: {{containers: [{{args: 5}}]}}}}}}",
        f"{DEPLOYMENT_HEAD}spec: 7",
        DEPLOYMENT_HEAD,
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a, annotations: [b]}",
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a, labels: b}",
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a, namespace: 5}",
        "kind: ConfigMap\napiVersion: v1/v2/v3\nmetadata: {name: a}",
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: [1]",
        "kind: Config/Map\napiVersion: v1\nmetadata: {name: a}",
    ],
)
async def test_whatever_shape_a_manifest_has_it_is_refused_and_the_rest_is_applied(
    tmp_path: Path, broken: str
) -> None:
    (tmp_path / "a.yaml").write_text(f"{broken}\n---\n{config('one')}")
    async with following(tmp_path) as it:
        (outcome,) = [each for each in it.reports[0] if each.error]

        assert str(tmp_path / "a.yaml") in outcome.subject
        assert await it.names(CONFIG_MAP) == ["one"]


async def test_a_deployment_is_run_in_the_folder_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
        "spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}},"
        " spec: {containers: [{name: a, image: a, command: [run]}]}}}\n"
    )
    async with following(tmp_path) as it:
        (found,) = (await it.cluster.list(DEPLOYMENT)).items

    assert found["metadata"]["annotations"][DIRECTORY] == str(tmp_path)
    assert found["metadata"]["annotations"][SOURCE] == str(tmp_path / "a.yaml")


AGENTS = """
from lmos.arc import Agent
print("importing")
billing = Agent("billing", channels=["web"])
@billing.capability("view-bill", examples=["my bill"])
def view_bill(turn): return "42"
"""


async def test_a_python_file_becomes_deployments_services_and_a_channel(tmp_path: Path) -> None:
    file = tmp_path / "agent.py"
    file.write_text(AGENTS)
    async with following(file) as it:
        (deployment,) = (await it.cluster.list(DEPLOYMENT)).items
        before = deployment["metadata"]["generation"]

        assert await it.names(SERVICE) == ["billing"]
        assert await it.names(CHANNEL) == ["demo-web-stable"]
        assert deployment["spec"]["template"]["spec"]["containers"][0]["command"][-2:] == [
            "--agent",
            "billing",
        ]

        file.write_text(AGENTS.replace("42", "43"))

        async def is_another_generation() -> bool:
            (found,) = (await it.cluster.list(DEPLOYMENT)).items
            return bool(found["metadata"]["generation"] > before)

        await eventually(is_another_generation)
        file.write_text("this is no Python")
        said = await it.reported("BrokenAgentFile")
        assert "agent.py does not import" in said
        assert await it.names(DEPLOYMENT) == ["billing"]
        assert await it.names(CHANNEL) == ["demo-web-stable"]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x = 1", "declares no Agent"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("import os; os._exit(9)", "it ends with status 9"),
    ],
)
async def test_a_python_file_that_is_of_no_use_is_reported(tmp_path: Path, code: str, says: str) -> None:
    (tmp_path / "agent.py").write_text(code)
    async with following(tmp_path / "agent.py") as it:
        assert says in await it.reported("BrokenAgentFile")
        assert await it.names(DEPLOYMENT) == []
