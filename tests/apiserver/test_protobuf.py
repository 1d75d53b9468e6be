"""Bodies in protobuf, as typed Go clients send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.apiserver.protobuf import decode_protobuf
from lmos.apiserver.status import ApiError


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*encoded, value))


def text(number: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def body(kind: str, content: bytes) -> bytes:
    meta = text(1, "v1") + text(2, kind)
    return b"k8s\x00" + text(1, meta) + text(2, content) + text(3, "") + text(4, "")


def test_a_secret_is_read() -> None:
    created = text(8, number(1, 1_767_225_600))
    metadata = text(1, "s") + text(3, "") + created + text(11, text(1, "a") + text(2, "b"))
    content = text(1, metadata) + text(2, text(1, "key") + text(2, b"\xff\x00")) + text(3, "Opaque")

    assert decode_protobuf(body("Secret", content)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "labels": {"a": "b"}, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "data": {"key": "/wA="},
        "type": "Opaque",
    }


def test_options_of_a_deletion_are_read() -> None:
    content = number(1, 0) + text(2, text(1, "uid-1")) + text(4, "Foreground") + text(5, "All")

    assert decode_protobuf(body("DeleteOptions", content)) == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "gracePeriodSeconds": 0,
        "preconditions": {"uid": "uid-1"},
        "propagationPolicy": "Foreground",
        "dryRun": ["All"],
    }


def test_a_deployment_as_kubectl_creates_it_is_read() -> None:
    labels = text(1, text(1, "app") + text(2, "web"))
    port = text(1, "") + number(2, 0) + number(3, 80) + text(4, "") + text(5, "")
    container = text(1, "main") + text(2, "i") + text(3, "sleep") + text(3, "1") + text(6, port) + text(8, "")
    pod = text(2, container) + text(3, "") + number(11, 0)
    surge = number(1, 1) + number(2, 0) + text(3, "25%")
    strategy = text(1, "RollingUpdate") + text(2, text(2, surge))
    template = text(1, text(11, text(1, "app") + text(2, "web"))) + text(2, pod)
    spec = (
        number(1, 0) + text(2, labels) + text(3, template) + text(4, strategy) + number(5, 0) + number(7, 0)
    )

    assert decode_protobuf(
        body("Deployment", text(1, text(1, "web")) + text(2, spec) + text(3, number(1, 0)))
    ) == {
        "apiVersion": "v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {
                            "name": "main",
                            "image": "i",
                            "command": ["sleep", "1"],
                            "ports": [{"containerPort": 80}],
                        }
                    ]
                },
            },
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
        },
    }


def test_a_field_that_would_be_lost_is_refused() -> None:
    probe = text(10, number(2, 5))
    pod = text(2, text(1, "main") + probe)

    with pytest.raises(ApiError, match="field 10 of Container is not read from protobuf; send JSON"):
        decode_protobuf(body("Deployment", text(2, text(3, text(2, pod)))))


@pytest.mark.parametrize("seconds", [0, 7, -1])
def test_numbers_may_be_negative(seconds: int) -> None:
    content = number(1, seconds % (1 << 64))

    assert decode_protobuf(body("DeleteOptions", content))["gracePeriodSeconds"] == seconds


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ApiError) as caught:
        decode_protobuf(body("Pod", b""))

    assert caught.value.http == 415


@given(st.binary(max_size=60))
def test_garbage_is_a_bad_request_and_nothing_else(garbage: bytes) -> None:
    for sent in (garbage, b"k8s\x00" + garbage, body("Secret", garbage)):
        try:
            decode_protobuf(sent)
        except ApiError as error:
            assert error.http in {400, 415}  # noqa: PT017 - garbage may happen to be a message
