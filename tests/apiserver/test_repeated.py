"""Fields that a body gives twice, of which only the last is stored: refused, warned about, or ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lmos.apiserver.repeated import repeated_fields
from lmos.apiserver.values import decode
from tests.apiserver.builders import CONFIG_MAPS, WIDGETS, config_map, created

if TYPE_CHECKING:
    import httpx2

JSON, YAML, APPLY = "application/json", "application/yaml", "application/apply-patch+yaml"
TWICE = (
    b'{"metadata": {"name": "a", "labels": {"l": "1", "l": "2"}}, "data": {"k": "1", "k": "2"}, "more": 1}'
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1, "b": {"a": 1}}', ()),
        (b'{"a":"\\u003c"}', ()),
        (b'{"a": 1, "a": 1}', ('duplicate field "a"',)),
        (b'{"a": {"b": [{}, {"c": 1, "c": 2}]}}', ('duplicate field "a.b[1].c"',)),
        (
            b'{"a": [{"b": 1, "b": 2}], "a": [{"b": 1, "b": 2}]}',
            ('duplicate field "a[0].b"', 'duplicate field "a"'),
        ),
    ],
)
def test_a_repeated_field_is_named_once_by_its_path(body: bytes, expected: tuple[str, ...]) -> None:
    assert repeated_fields(body, JSON, decode(body, JSON)) == expected


@pytest.mark.parametrize("media_type", [YAML, APPLY])
def test_in_yaml_it_is_named_by_its_line(media_type: str) -> None:
    body = b"a:\n  b: 1\n  b: 2\nc: [{d: 1, d: 2}]\n"

    found = repeated_fields(body, media_type, decode(body, media_type))

    assert found == ('line 3: key "b" already set in map', 'line 4: key "d" already set in map')


async def test_strict_validation_refuses_it_beside_unknown_fields(api: httpx2.AsyncClient) -> None:
    response = await api.post(
        CONFIG_MAPS, content=TWICE, params={"fieldValidation": "Strict"}, headers={"content-type": JSON}
    )

    assert response.status_code == 400
    assert response.json()["message"] == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field '
        '"metadata.labels.l", duplicate field "data.k", unknown field "more"'
    )


async def test_without_a_wish_it_is_warned_about(api: httpx2.AsyncClient) -> None:
    response = await api.post(CONFIG_MAPS, content=TWICE, headers={"content-type": JSON})

    assert (response.status_code, response.json()["data"]) == (201, {"k": "2"})
    assert response.headers.get_list("warning") == [
        '299 - "duplicate field \\"metadata.labels.l\\""',
        '299 - "duplicate field \\"data.k\\""',
        '299 - "unknown field \\"more\\""',
    ]


async def test_it_can_be_ignored(api: httpx2.AsyncClient) -> None:
    response = await api.post(
        CONFIG_MAPS, content=TWICE, params={"fieldValidation": "Ignore"}, headers={"content-type": JSON}
    )

    assert (response.status_code, "warning" in response.headers) == (201, False)


@pytest.mark.parametrize("kind", ["merge", "strategic-merge"])
async def test_patches_are_read_as_strictly(api: httpx2.AsyncClient, kind: str) -> None:
    await created(api, CONFIG_MAPS, config_map("a"))

    response = await api.patch(
        f"{CONFIG_MAPS}/a",
        content=b'{"data": {"k": "1", "k": "2"}}',
        params={"fieldValidation": "Strict"},
        headers={"content-type": f"application/{kind}-patch+json"},
    )

    assert response.status_code == 400
    assert 'duplicate field "data.k"' in response.json()["message"]


async def test_apply_reads_its_yaml_as_strictly(api: httpx2.AsyncClient) -> None:
    body = b"apiVersion: shop.test/v1\nkind: Widget\nmetadata: {name: w}\nspec:\n  image: a\n  image: b\n"

    response = await api.patch(
        f"{WIDGETS}/w",
        content=body,
        params={"fieldManager": "m", "fieldValidation": "Strict"},
        headers={"content-type": APPLY},
    )

    assert response.status_code == 400
    assert 'line 6: key "image" already set in map' in response.json()["message"]
