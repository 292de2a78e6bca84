"""What messages there are and which places their texts may fill; a town's own texts are held against it."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Final, Literal, get_args

# Each after the step that sends it.
MessageKind = Literal[
    "receipt", "question", "reminder", "answer_received", "granted", "rejected", "dismissed", "revoked",
    "consultation_asked", "consultation_answered", "border_finding",
]  # fmt: skip
KINDS: Final[tuple[str, ...]] = get_args(MessageKind)
LANGUAGES: Final = ("de", "en")
# What may stand in the first line, the subject: nothing that anybody types.
IN_SUBJECT: Final = frozenset({"reference", "town"})
PLACES: Final = IN_SUBJECT | {
    "use",
    "period",
    "link",
    "words",
    "due",
    "payment",
    "contact",
    "office",
    "verdict",
    "street",
    "what",
}


def fault_of(text: str) -> str | None:
    """What is wrong with the text of a message: a line with the subject, an empty line, then the message."""
    subject, empty, message = text.strip().partition("\n\n")
    if not empty or "\n" in subject or not message.strip():
        return "a message is one line with its subject, an empty line and then the text"
    template, first = Template(text), Template(subject)
    if not template.is_valid():
        return "a $ begins the name of a place like ${reference}; write $$ for the sign"
    if unknown := set(template.get_identifiers()) - PLACES:
        return f"there is no place {sorted(unknown)[0]!r}; there are {', '.join(sorted(PLACES))}"
    if typed := set(first.get_identifiers()) - IN_SUBJECT:
        return f"{sorted(typed)[0]!r} cannot stand in the subject, only {' and '.join(sorted(IN_SUBJECT))}"
    return None


def known_texts(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """A town's own texts by language and kind. Raises ValueError with what is wrong."""
    for language, of_language in texts.items():
        if language not in LANGUAGES:
            raise ValueError(f"{language!r} is not one of the languages {', '.join(LANGUAGES)}")
        for kind, text in of_language.items():
            if kind not in KINDS:
                raise ValueError(f"there is no message {kind!r}; there are {', '.join(KINDS)}")
            if fault := fault_of(text):
                raise ValueError(f"{language}.{kind}: {fault}")
    return {language: dict(of_language) for language, of_language in texts.items()}
