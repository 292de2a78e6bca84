"""The formula of a fee's line as text, German and English, for screens and notices."""

from __future__ import annotations

from decimal import Decimal

from geo_service.fees.tariff import Item, Maximum, Unit

_TIMES: dict[Unit, tuple[str, str, str, str]] = {
    "day": ("Tag", "Tage", "day", "days"),
    "week": ("Woche", "Wochen", "week", "weeks"),
    "month": ("Monat", "Monate", "month", "months"),
    "season": ("Saison", "Saisons", "season", "seasons"),
    "year": ("Jahr", "Jahre", "year", "years"),
}
_BASES = {"m2": ("m²", "m²"), "running_metre": ("lfd. m", "running m"), "piece": ("Stück", "pieces")}


def plain(number: Decimal) -> str:
    """Without needless zeros, at most four decimals: 29.8, 20, 1.5."""
    return f"{number.quantize(Decimal('0.0001')).normalize():f}"


def money(eur: Decimal) -> str:
    """At least two decimals, with the sign of the euro: 0.40 €, 0.125 €."""
    text = plain(eur)
    whole, _, cents = text.partition(".")
    grouped = f"{int(whole):,}" if whole not in ("-0",) else whole
    return f"{grouped}.{cents.ljust(2, '0')} €"


def german(number: str) -> str:
    """Comma for the decimals, point for the thousands."""
    return number.translate(str.maketrans(".,", ",."))


def formula(item: Item, units: Decimal, count: Decimal, unit: Unit, eur: Decimal) -> tuple[str, str]:
    """`29,8 m² × 14 Tage × 0,40 €` and its English form. `units`: m², metres, pieces, or started steps."""
    german_parts, english_parts = _quantity(item, units)
    if unit != "once":
        one_de, many_de, one_en, many_en = _TIMES[unit]
        german_parts.append(f"{german(plain(count))} {one_de if count == 1 else many_de}")
        english_parts.append(f"{plain(count)} {one_en if count == 1 else many_en}")
    german_parts.append(german(money(eur)))
    english_parts.append(money(eur))
    return " × ".join(german_parts), " × ".join(english_parts)


def _quantity(item: Item, units: Decimal) -> tuple[list[str], list[str]]:
    if item.basis == "flat":
        return [], []
    base_de, base_en = _BASES[item.basis]
    number = plain(units)
    if item.step is not None and item.step != 1:
        step = plain(item.step)
        texts = [f"{german(number)} × {german(step)} {base_de}"], [f"{number} × {step} {base_en}"]
    else:
        texts = [f"{german(number)} {base_de}"], [f"{number} {base_en}"]
    if item.free_units:
        free = plain(item.free_units)
        texts[0][0] += f" (über {german(free)} {base_de})"
        texts[1][0] += f" (beyond {free} {base_en})"
    return texts


def cap_text(maximum: Maximum, eur: Decimal, year: int | None) -> tuple[str, str]:
    """The line that brings an amount down to its cap."""
    when_de, when_en = (f" im Kalenderjahr {year}", f" in the calendar year {year}") if year else ("", "")
    return f"Höchstbetrag {german(money(eur))}{when_de}", f"Maximum {money(eur)}{when_en}"


def minimum_text(eur: Decimal) -> tuple[str, str]:
    """The line that brings an amount up to its minimum."""
    return f"Mindestgebühr {german(money(eur))}", f"Minimum fee {money(eur)}"


def exempt_text(item: Item) -> tuple[str, str]:
    """The line of a position that costs a charity nothing."""
    return f"{item.label.de}: gemeinnützig, gebührenfrei", f"{item.label.en}: charitable, free of charge"
