# ruff: noqa: E501 - one sentence and its translation a line
"""What the forms of a desk refuse, in German; `…` stands for anything."""

from __future__ import annotations

DESK_SENTENCES = {
    "There is no such stretch of a street in this town.": "Einen solchen Straßenabschnitt gibt es in dieser Kommune nicht.",
    "This stretch is only … m long; draw the area instead.": "Dieser Abschnitt ist nur … m lang; zeichnen Sie die Fläche stattdessen ein.",
    "There it would reach beyond the end of this stretch.": "Dort reicht es über das Ende dieses Abschnitts hinaus.",
    "How wide the street is there is not known; draw the area instead.": "Wie breit die Straße dort ist, ist nicht bekannt; zeichnen Sie die Fläche stattdessen ein.",
    "Choose at least one line.": "Wählen Sie mindestens eine Zeile aus.",
    "At most … lines at once.": "Höchstens … Zeilen auf einmal.",
    "This step is for things of another kind.": "Dieser Schritt gilt für Anderes.",
}
