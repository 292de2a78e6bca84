"""The cash reference (Kassenzeichen) of a fee notice: a town's pattern, filled in, with its check digits.

A pattern is text with places to fill: {ags}, {prefix} (that of the town's references), {year} (four digits),
{year2} (two), {number:N} (counted, at least N digits) and {check}. The number is needed. With a year in the
pattern counting begins anew each year.

Check digits, over everything else in the pattern but spaces, dots, slashes and hyphens (letters: A = 10 to
Z = 35): `luhn` one digit (ISO/IEC 7812, annex B), `mod97` two (ISO/IEC 7064, MOD 97-10, that of an IBAN).
"""

from __future__ import annotations

import re
from typing import Final, Literal

CheckKind = Literal["luhn", "mod97"]

# AGS, two digits of the year, six digits of the number, one check digit: 06431002 26 000123 4.
DEFAULT_PATTERN: Final = "{ags}{year2}{number:6}{check}"
LONGEST: Final = 35  # what treasuries and transfer forms take

_PLACE = re.compile(r"\{(ags|prefix|year2|year|check|number:([1-9]))\}")
_PLAIN = re.compile(r"[A-Z0-9 ./-]*")


def known_pattern(pattern: str) -> str:
    """`pattern`, if it is one. Raises ValueError with what is wrong."""
    places = [found.group(1).partition(":")[0] for found in _PLACE.finditer(pattern)]
    if not _PLAIN.fullmatch(_PLACE.sub("", pattern)):
        raise ValueError(
            "beside {ags}, {prefix}, {year}, {year2}, {number:6} and {check} a cash reference has capital "
            "letters, digits, spaces, dots, slashes and hyphens only"
        )
    if places.count("number") != 1:
        raise ValueError("a cash reference needs its number once, for example {number:6}")
    if places.count("check") > 1:
        raise ValueError("a cash reference has its check digits once")
    if len(cash_reference(pattern, "mod97", ags="0" * 8, prefix="X" * 5, year=2026, number=1)) > LONGEST:
        raise ValueError(f"a cash reference has at most {LONGEST} characters")
    return pattern


def counts_by_year(pattern: str) -> bool:
    """True if the numbers begin anew each year."""
    return "{year" in pattern


def cash_reference(pattern: str, check: CheckKind, *, ags: str, prefix: str, year: int, number: int) -> str:
    """The pattern with its places filled."""

    def fill(found: re.Match[str]) -> str:
        name, width = found.group(1), found.group(2)
        if width:
            return f"{number:0{width}}"
        filled = {"ags": ags, "prefix": prefix, "year": str(year), "year2": f"{year % 100:02}"}
        return filled.get(name, "{check}")

    text = _PLACE.sub(fill, pattern)
    return text.replace("{check}", check_digits(text.replace("{check}", ""), check))


def check_digits(text: str, kind: CheckKind) -> str:
    """The digits that guard `text` against a wrong or swapped character."""
    digits = "".join(str(int(character, 36)) for character in text if character.isalnum())
    if kind == "mod97":
        return f"{98 - int(digits + '00') % 97:02}"
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
