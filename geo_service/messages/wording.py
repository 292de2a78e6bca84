"""The texts of messages: a file for each kind and language, or the town's own words in its folder.

First line: the subject, then an empty line and the text; `${name}` is a place (towns/message_texts.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final, Literal

from geo_service.towns.message_texts import IN_SUBJECT, MessageKind
from geo_service.towns.town import Town

Language = Literal["de", "en"]
# Stands in a stored message for the address with its token, which is put in when the message is sent. It is a
# character of the private use area, and it is taken out of what people write.
LINK: Final = "\ue000"
_TOO_MANY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Wording:
    """One message in words. subject: one line. body: lines of any length, LINK where the address goes."""

    subject: str
    body: str


def word_message(town: Town, kind: MessageKind, language: Language, places: Mapping[str, str]) -> Wording:
    """The text with its places filled; a place that nobody fills stays empty, with no gap of lines left."""
    filled = {name: value.replace(LINK, "") for name, value in places.items()}
    filled |= {"link": LINK, "town": town.name, "contact": town.texts(language).contact}
    text = town.settings.messages.get(language, {}).get(kind) or _own(kind, language)
    subject, _, body = text.strip().partition("\n\n")
    in_subject = {name: one_line(value) for name, value in filled.items() if name in IN_SUBJECT}
    every = _Empty(filled)
    return Wording(
        subject=one_line(Template(subject).safe_substitute(in_subject)),
        body=_TOO_MANY_LINES.sub("\n\n", Template(body).substitute(every)).strip() + "\n",
    )


class _Empty(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def one_line(text: str) -> str:
    """`text` without line breaks and other characters that are none."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


@cache
def _own(kind: MessageKind, language: Language) -> str:
    text = files("geo_service.messages").joinpath("texts", language, f"{kind}.txt")
    return text.read_text(encoding="utf-8")
