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
    "Only a revocation can revoke extensions too.": "Nur mit einem Widerruf werden auch Verlängerungen widerrufen.",
    "This is no extension in force of this permit.": "Das ist keine geltende Verlängerung dieser Erlaubnis.",
    # what a desk keeps on its map
    "It is cancelled already; what has happened stays as it is.": "Es ist schon aufgehoben; was war, bleibt stehen.",
    "Nothing begins as …; possible: ….": "Nichts beginnt als „…“; möglich: ….",
    "What is … cannot become …; possible: ….": "Aus dem Stand „…“ wird nicht „…“; möglich: ….",
    "There is nothing under this id in your town.": "Unter dieser Kennung gibt es in Ihrer Kommune nichts.",
    "The area lies in another town; only its own desk enters something there.": "Die Fläche liegt in einer anderen Kommune; dort trägt nur die eigene Sachbearbeitung etwas ein.",
    "The area lies outside every town of this service.": "Die Fläche liegt außerhalb aller Kommunen dieses Dienstes.",
    "It was imported, and the next import would write it anew: cancel it and enter your own.": "Es wurde importiert und würde beim nächsten Import überschrieben: Heben Sie es auf und tragen Sie ein eigenes ein.",
    "Nothing in your town has this id.": "Nichts in Ihrer Kommune hat diese Kennung.",
    "There is no road segment with this id.": "Einen Straßenabschnitt mit dieser Kennung gibt es nicht.",
    "Only the dig of a site that has ended can be accepted.": "Abgenommen wird nur der Aufbruch einer beendeten Baustelle.",
    "This site did not dig, so there is nothing to accept.": "Diese Baustelle hat nicht aufgegraben; es gibt nichts abzunehmen.",
    "The day of the acceptance has not come yet.": "Der Tag der Abnahme ist noch nicht gekommen.",
    "The first actual day is missing.": "Der tatsächliche Beginn fehlt.",
    "A recurring pattern needs a period with an end.": "Ein Muster braucht einen Zeitraum mit Ende.",
    "A box is west,south,east,north in degrees.": "Ein Kasten ist West,Süd,Ost,Nord in Grad.",
    "A day, or a day and /.. for everything from it on.": "Ein Tag, oder ein Tag und /.. für alles ab da.",
    "The desk's map has no layer ….": "Die Karte der Sachbearbeitung hat keine Ebene ….",
}
