"""
Asks semantic-router; run by `peers.py` with the interpreter of its own environment.

    python semantic_router_process.py FOLDER

FOLDER holds `embeddings.npy` and `given.json` with their texts, the utterances of each route, and questions.
Prints an object with the best route of each question by its number, its confidence and the seconds it took.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from semantic_router import Route  # type: ignore[import-not-found]  # in an environment of its own
from semantic_router.encoders import DenseEncoder  # type: ignore[import-not-found]  # the same
from semantic_router.routers import IndexedRouter  # type: ignore[import-not-found]  # the same


class KnownEmbeddings(DenseEncoder):  # type: ignore[misc]  # unknown where its package is not installed
    """Looks embeddings up."""

    known: dict[str, Any]

    def __call__(self, docs: list[str]) -> list[list[float]]:
        """Embeddings of texts that were given."""
        return [self.known[text] for text in docs]


def main() -> None:
    """Make the routes, ask everything, print the answers."""
    folder = Path(sys.argv[1])
    given = json.loads((folder / "given.json").read_text())
    rows = np.load(folder / "embeddings.npy").tolist()
    encoder = KnownEmbeddings(name="known", known=dict(zip(given["texts"], rows, strict=True)))
    began = time.perf_counter()
    routes = [Route(name=str(number), utterances=said) for number, said in enumerate(given["routes"])]
    router = IndexedRouter(encoder=encoder, routes=routes)
    trained = time.perf_counter() - began
    answers = []
    for text in given["questions"]:
        asked = time.perf_counter()
        choice = router(text)
        answers.append((choice.name, float(choice.confidence or 0), time.perf_counter() - asked))
    print(json.dumps({"train_seconds": trained, "answers": answers}))


if __name__ == "__main__":
    main()
