"""The files of an answer as `lmos ask`, `lmos chat` and `lmos why` name them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lmos.cli.attachments import attachments


def message(*files: dict[str, Any]) -> dict[str, Any]:
    absent = {"dataAsBase64": None, "source": None}
    return {"role": "assistant", "content": "", "binaryData": [absent | file for file in files]}


@pytest.mark.parametrize(
    ("size_bytes", "told"),
    [
        (0, "0 bytes"),
        (1, "1 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (3 * 1024 * 1024, "3.0 MiB"),
    ],
)
def test_a_file_is_told_by_its_kind_and_size(size_bytes: int, told: str) -> None:
    encoded = base64.b64encode(bytes(size_bytes)).decode()

    assert [*attachments([message({"mimeType": "image/png", "dataAsBase64": encoded})])] == [
        f"image/png, {told}"
    ]


def test_files_of_every_message_are_told_and_elsewhere_by_their_place() -> None:
    said = [
        {"role": "assistant", "content": "no file", "binaryData": None},
        message({"mimeType": "application/pdf", "source": "https://files.example/bill.pdf"}),
        message({"mimeType": "image/png"}),
    ]

    assert [*attachments(said)] == [
        "application/pdf, https://files.example/bill.pdf",
        "image/png, without bytes",
    ]
