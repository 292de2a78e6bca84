# ruff: noqa: E501 - one sentence and its translation a line
"""What can be wrong with a place and a time, in German; `…` stands for anything."""

from __future__ import annotations

PLACE_SENTENCES = {
    # place and time
    "The geometry is empty.": "Die Geometrie ist leer.",
    "The geometry has no area.": "Die Geometrie hat keine Fläche.",
    "The geometry is not usable.": "Die Geometrie ist nicht verwendbar.",
    "A GeoJSON geometry is needed.": "Eine GeoJSON-Geometrie wird gebraucht.",
    "The geometry has more than … vertices.": "Die Geometrie hat mehr als … Stützpunkte.",
    "A coordinate is not a finite number.": "Eine Koordinate ist keine endliche Zahl.",
    "[…] looks swapped: longitude comes first, then latitude.": "[…] sieht vertauscht aus: erst die Länge, dann die Breite.",
    "[…] lies outside …; degrees in CRS84 are needed.": "[…] liegt außerhalb von …; Grad in CRS84 werden gebraucht.",
    "The area is not valid and cannot be repaired: ….": "Die Fläche ist nicht gültig und nicht zu reparieren: ….",
    "The area is … km²; at most … km² are accepted.": "Die Fläche misst … km²; höchstens … km² sind möglich.",
    "The ring is not closed: its last position must equal the first.": "Der Ring ist nicht geschlossen: Der letzte Punkt muss dem ersten gleichen.",
    "The period is not usable: its end must lie after its start.": "Der Zeitraum ist nicht verwendbar: Das Ende muss nach dem Beginn liegen.",
    "The last day lies before the first day.": "Der letzte Tag liegt vor dem ersten.",
    "The end must lie after the start.": "Das Ende muss nach dem Beginn liegen.",
    "The year is not plausible.": "Das Jahr ist nicht plausibel.",
    "The period has … days; at most … are accepted.": "Der Zeitraum hat … Tage; höchstens … sind möglich.",
    "A period is needed: either from and until (days), or start and end (instants).": "Ein Zeitraum wird gebraucht: entweder from und until (Tage) oder start und end (Zeitpunkte).",
    "Something that this refers to was changed meanwhile; repeat the request.": "Etwas, worauf sich dies bezieht, wurde inzwischen geändert; wiederholen Sie die Anfrage.",
    "The upper height must lie above the lower one.": "Die obere Höhe muss über der unteren liegen.",
    "The geometry type … is not accepted.": "Die Geometrieart … wird nicht angenommen.",
    "A LineString is needed here, not a ….": "Hier wird ein LineString gebraucht, kein ….",
    "The line has no length.": "Die Linie hat keine Länge.",
    "A GeometryCollection needs at least one geometry.": "Eine GeometryCollection braucht mindestens eine Geometrie.",
    "A GeometryCollection inside another one is not accepted.": "Eine GeometryCollection in einer anderen wird nicht angenommen.",
    "A list of positions is needed here.": "Hier wird eine Liste von Punkten gebraucht.",
    "A position is [longitude, latitude] in degrees.": "Ein Punkt ist [Länge, Breite] in Grad.",
    "At least … positions are needed here.": "Hier werden mindestens … Punkte gebraucht.",
    "A … (…) needs length_m and depth_m in metres.": "Zu … (…) werden length_m und depth_m in Metern gebraucht.",
    "A … needs … in metres, greater than 0.": "Zu … wird … in Metern gebraucht, größer als 0.",
    "The recurring pattern never falls into the period.": "Das Muster fällt nie in den Zeitraum.",
}  # fmt: skip

# What GEOS finds wrong with an area.
for _reason, _grund in {
    "self-intersection": "sie kreuzt sich selbst",
    "ring self-intersection": "ein Ring berührt oder kreuzt sich selbst",
    "hole lies outside shell": "ein Loch liegt außerhalb",
    "holes are nested": "Löcher liegen ineinander",
    "nested holes": "Löcher liegen ineinander",
    "nested shells": "Teile liegen ineinander",
    "interior is disconnected": "das Innere hängt nicht zusammen",
    "duplicate rings": "ein Ring kommt zweimal vor",
    "too few points in geometry component": "ein Teil hat zu wenige Punkte",
}.items():
    PLACE_SENTENCES[
        f"The area is not valid and cannot be repaired: {_reason} at …, … (longitude, latitude)."
    ] = f"Die Fläche ist nicht gültig und nicht zu reparieren: {_grund}, bei … Länge, … Breite."
