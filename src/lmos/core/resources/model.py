"""What all models of manifests share: frozen, camelCase on the wire, sets that keep their order."""

from collections.abc import Hashable
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Item = TypeVar("Item", bound=Hashable)

# Names travel in log lines, headers and terminals: no control characters.
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
OneLine = Annotated[str, Field(pattern=ONE_LINE)]


def rule(cel: str, message: str) -> ConfigDict:
    """The configuration of a model whose fields obey a CEL rule together, which its CRD then states."""
    return ConfigDict(json_schema_extra={"x-kubernetes-validations": [{"rule": cel, "message": message}]})


class Model(BaseModel):
    """A part of a manifest. Unknown fields are ignored, null counts as absent."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:  # noqa: ANN401 - whatever stands in the manifest
        if isinstance(value, dict) and None in value.values():
            return {key: item for key, item in value.items() if item is not None}
        return value


def _without_duplicates(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))


# The original keeps these lists as sets: equal entries collapse, the order stays.
OrderedSet = Annotated[tuple[Item, ...], AfterValidator(_without_duplicates)]
