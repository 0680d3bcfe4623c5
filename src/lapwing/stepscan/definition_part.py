"""Definition part: what all parts of a definition of a scan share.

Owns what is refused in every part, short forms, and the types of plain values.
Must not know which parts there are.
Test: tests/unit/stepscan/test_definition.py, by files with errors of each kind.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import PydanticCustomError

MOST_POINTS = 10_000_000

NotNegative = Annotated[float, Field(ge=0)]
Seconds = NotNegative
Name = Annotated[str, Field(min_length=1, pattern=r"\S")]
"""A name of a PV, a label: not empty."""
Limits = Annotated[list[float], Field(min_length=2, max_length=2)]
ExtraPVs = list[Name] | dict[str, Name]


class Part(BaseModel):
    """What all parts of a definition share: nothing unknown, nothing converted."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        frozen=True,
        use_attribute_docstrings=True,
    )
    short_form: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, data: Any) -> Any:
        if cls.short_form and isinstance(data, str):
            return {cls.short_form: data}
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    raise _unknown(str(key), cls.model_fields)
        return data

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        made = handler(core_schema)
        if cls.short_form:
            whole = handler.resolve_ref_schema(made)
            in_full = dict(whole)
            whole.clear()
            short = {"type": "string", "minLength": 1}
            whole.update({"title": in_full["title"], "anyOf": [short, in_full]})
        return made


def _unknown(key: str, allowed: Iterable[str]) -> PydanticCustomError:
    close = get_close_matches(key, allowed, 1)
    hint = f"did you mean {close[0]}?" if close else ""
    return PydanticCustomError(
        "unknown_key",
        "{allowed}",
        {"key": key, "allowed": ", ".join(allowed), "hint": hint},
    )


def wrong(message: str, key: str = "") -> PydanticCustomError:
    """Return the error of something that is wrong as a whole, or at one key.

    Args:
        message: What is wrong, and what is needed.
        key: The key of it that is wrong.
    """
    return PydanticCustomError(
        "wrong_part", "{message}", {"message": message} | ({"key": key} if key else {})
    )
