"""Are two names the same street? Offices, feeds and maps write one street in many ways."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})  # casefold writes ß as ss
# "str." and "strasse" at the end of a word or as a word of its own; "pl." only with its full stop.
_SHORT = (
    (re.compile(r"str(?:\.|asse\b|\b)"), "strasse"),
    (re.compile(r"pl\."), "platz"),
    (re.compile(r"\bst\."), "sankt "),
    (re.compile(r"\bdr\."), "doktor "),
    (re.compile(r"\bprof\."), "professor "),
)
_HOUSE_NUMBER = re.compile(r"\s+\d+\s*[a-z]?(?:\s*[-/–,+]\s*\d+\s*[a-z]?)*$")


def normal_street_name(name: str) -> str:
    """One spelling for all: small letters, umlauts written out, no hyphens or spaces, no house number.

    >>> normal_street_name("Darmstädter Str. 12a") == normal_street_name("DARMSTAEDTER-STRASSE")
    True
    """
    return _plain(_HOUSE_NUMBER.sub("", _spelled_out(name)))


def names_street(said: str, street_name: str) -> bool:
    """True if the words somebody wrote name the street; more may stand around it ("… zwischen A und B").

    >>> names_street("Vollsperrung Kaiserstr. zwischen Markt und Post", "Kaiserstraße")
    True
    """
    wanted = normal_street_name(street_name)
    if not wanted:
        return False
    if normal_street_name(said) == wanted:
        return True
    words = [_plain(word) for word in re.split(r"[\s,;:/()\-–]+", _spelled_out(said)) if _plain(word)]
    return any(
        "".join(words[first : first + length]) == wanted
        for first in range(len(words))
        for length in range(1, min(7, len(words) - first + 1))
    )


def _spelled_out(name: str) -> str:
    text = unicodedata.normalize("NFC", name).casefold().translate(_LETTERS)
    for pattern, word in _SHORT:
        text = pattern.sub(word, text)
    return " ".join(text.split())


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in bare if letter.isalnum() and not unicodedata.combining(letter))
