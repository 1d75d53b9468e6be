"""Models as LMOS needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from lmos.core.errors import TemporaryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lmos.core.conversation import Message


class Encoder(Protocol):
    """Turns sentences into embeddings."""

    @property
    def name(self) -> str:
        """Names the model and its version; embeddings of different names do not compare."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """
        Unit embeddings of `texts`, shape (n, d).

        May be called from several threads at once.
        """
        ...


@runtime_checkable
class RemoteEncoder(Encoder, Protocol):
    """An encoder in another process, for which the event loop must not wait."""

    is_remote: Literal[True]


class EncoderUnavailable(TemporaryError):
    """A sentence encoder gives no embeddings at the moment."""

    code: ClassVar[str] = "EncoderUnavailable"


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """
    What a language model answered.

    Attributes:
        content: A JSON object that keeps to the schema it was asked with.
        input_tokens: Read for it, as the model counts; 0 where it does not say.
        output_tokens: Written for it.
    """

    content: Mapping[str, Any]
    input_tokens: int = 0
    output_tokens: int = 0


class LanguageModel(Protocol):
    """Answers instructions and messages with a JSON object."""

    @property
    def name(self) -> str:
        """Names the model, for the record."""
        ...

    async def answer(
        self, instructions: str, messages: Sequence[Message], schema: Mapping[str, Any]
    ) -> ModelAnswer:
        """
        An object that keeps to `schema`, a JSON Schema of type object.

        Raises:
            ModelUnavailable: It cannot be reached, takes longer than its deadline, refuses, or answers
                with something else even when it is told what was wrong.
        """
        ...


class ModelUnavailable(TemporaryError):
    """A language model gave no answer that can be used."""

    code: ClassVar[str] = "ModelUnavailable"
