"""Manifests in files: all are read, and what cannot be read is said by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.apps.manifests import LARGEST_FILE, is_below, read_manifests

if TYPE_CHECKING:
    from pathlib import Path

ONE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n"


def names(*paths: Path) -> list[str]:
    return [each.manifest["metadata"]["name"] for each in read_manifests(paths)[0]]


def test_a_folder_stands_for_its_yaml_and_json_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.yml").write_text(ONE.replace("one", "third"))
    (tmp_path / "a.yaml").write_text(f"{ONE}---\n{ONE.replace('one', 'second')}")
    (tmp_path / "d.json").write_text(
        '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "\\ud83d\\ude00"}}'
    )
    (tmp_path / "notes.txt").write_text("no manifest")
    (tmp_path / ".lmos").mkdir()
    (tmp_path / ".lmos" / "endpoints.json").write_text("{}")

    assert names(tmp_path) == ["one", "second", "third", "😀"]
    assert read_manifests([tmp_path])[1] == []


def test_folders_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "endpoints.json").write_text("{}")
    (tmp_path / "one.yaml").write_text(ONE)
    found, problems = read_manifests([tmp_path], without=(tmp_path / "data",))

    assert ([each.source for each in found], problems) == ([str(tmp_path / "one.yaml")], [])


def test_a_list_counts_as_its_items(tmp_path: Path) -> None:
    item = '{apiVersion: v1, kind: ConfigMap, metadata: {name: "%s"}}'
    (tmp_path / "all.yaml").write_text(f"apiVersion: v1\nkind: List\nitems: [{item % 'a'}, {item % 'b'}, 7]")
    found, problems = read_manifests([tmp_path])

    assert [each.manifest["metadata"]["name"] for each in found] == ["a", "b"]
    assert [problem.code for problem in problems] == ["UnreadableManifest"]


def test_one_bad_document_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(f"{ONE}---\nkind: ConfigMap\n---\n{ONE.replace('one', 'two')}")
    found, problems = read_manifests([tmp_path])

    assert [each.manifest["metadata"]["name"] for each in found] == ["one", "two"]
    assert [problem.message for problem in problems] == [
        f"{tmp_path / 'all.yaml'}: a document has no apiVersion and no metadata.name."
    ]


@pytest.mark.parametrize(
    ("content", "says", "hint"),
    [
        (b"a: [1", ": did not find expected ',' or ']'", "Correct the file"),
        (b"a:\n\t- b", "line 2, column 1: found character that cannot start any token", "never with tabs"),
        ("a: ü".encode("utf-16"), "not encoded in UTF-8", "Save it as UTF-8"),
        (b"a: \x00", "control characters are not allowed", "Correct the file"),
        (b"a: 1\na: 2", "line 2, column 1: the key 'a' stands twice", "Correct the file"),
        (b"5", "a single value where a manifest should be", "A manifest is a mapping"),
        (b"- a", "a list where a manifest should be", "A manifest is a mapping"),
        (b"kind: 1\nmetadata: []", "no apiVersion and no kind and no metadata.name", "each a text"),
    ],
)
def test_what_cannot_be_read_is_told_with_place_and_next_step(
    tmp_path: Path, content: bytes, says: str, hint: str
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    found, (problem,) = read_manifests([file])

    assert found == []
    assert str(file) in problem.message
    assert says in problem.message
    assert hint in problem.hint
    assert problem.source == str(file)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as huge:
        huge.truncate(LARGEST_FILE + 1)
    _, (problem,) = read_manifests([file])

    assert "larger than 32 MiB" in problem.message


def test_json_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text("[" * 500 + "]" * 500)

    assert "nested" in read_manifests([file])[1][0].message


def test_a_place_without_manifests_is_a_problem(tmp_path: Path) -> None:
    _, problems = read_manifests([tmp_path, tmp_path / "nowhere"])

    assert [problem.source for problem in problems] == [str(tmp_path), str(tmp_path / "nowhere")]


def test_only_hidden_folders_below_the_one_that_is_meant_are_left_out(tmp_path: Path) -> None:
    hidden = tmp_path / ".work"

    assert is_below(hidden / "a.yaml", hidden)
    assert not is_below(hidden / ".git" / "a.yaml", hidden)
    assert not is_below(tmp_path / "a.yaml", hidden)
