"""Texts that can be kept and sent: without U+0000 for PostgreSQL, one line where it stands in a heading."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from geo_service.towns.mail_address import is_address


def mail_address(value: str) -> str:
    """An address that a message can be sent to; empty stays empty. For pydantic."""
    if value and not is_address(value):
        raise PydanticCustomError("bad_mail_address", "An e-mail address looks like name@example.org.")
    return value


def one_line(value: str) -> str:
    """A text without line breaks: it may stand in a heading. For pydantic."""
    if not value.replace("\0", "").isprintable():  # that one is refused in words of its own
        raise PydanticCustomError("not_one_line", "This must be one line of text.")
    return value


MailAddress = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(mail_address),
    WithJsonSchema({"type": "string", "maxLength": 254, "pattern": r"^[^@\s]+@[^@\s]+$"}),
]


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
