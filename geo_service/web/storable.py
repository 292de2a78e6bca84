"""A text that PostgreSQL can store: without the character U+0000, which nobody types."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError


class StorableBody(BaseModel):
    """Refuses a stranger's property, and U+0000 in any text or list of texts, with the field's pointer."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        texts = value if isinstance(value, list) else (value,)
        if any(isinstance(each, str) and "\0" in each for each in texts):
            raise PydanticCustomError("unstorable_character", "The character U+0000 cannot be stored.")
        return value
