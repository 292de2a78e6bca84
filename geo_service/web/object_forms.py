"""The forms of the desk, one for each kind: which properties, under which words, in which groups.

A name is the path of a property in the body, `traffic_order.number` for a member of a member; static/js/object.js
reads the form by these names, so a form is nothing but this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from geo_service.web.object_kinds import ServedKind

Input = Literal["text", "tel", "day", "time", "number", "check", "choice", "many", "id"]
Words = Mapping[str, str]


def _words(de: str, en: str) -> Words:
    return {"de": de, "en": en}


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One property. codes: the list of codes.yaml that is chosen from. least, step: of numbers."""

    name: str
    words: Words
    input: Input = "text"
    codes: str | None = None
    needed: bool = False
    hint: Words | None = None
    least: float = 0
    step: float = 0.1
    preset: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Fields under one heading; `folded` ones are of use now and then."""

    words: Words
    fields: tuple[Field, ...]
    folded: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """The page of one kind: its name, in the plural and of a new one, and what is filled in."""

    many: Words
    one: Words
    about: Words
    groups: tuple[Group, ...]
    shape: Literal["area", "line"] = "area"


def _days(*, end_needed: bool = False) -> tuple[Field, ...]:
    open_end = None if end_needed else _words("leer = Ende nicht bekannt", "empty = the end is not known")
    return (
        Field(name="from", words=_words("Erster Tag", "First day"), input="day", needed=True),
        Field(
            name="until",
            words=_words("Letzter Tag", "Last day"),
            input="day",
            needed=end_needed,
            hint=open_end,
        ),
    )


_TITLE = Field(name="title", words=_words("Bezeichnung", "Title"), needed=True)
_PATTERN = Group(
    words=_words("Nur zu bestimmten Zeiten", "Only at certain times"),
    folded=True,
    fields=(
        Field(
            name="recurrence.weekdays",
            words=_words("Wochentage", "Weekdays"),
            input="many",
            codes="weekday",
            hint=_words("keiner = jeden Tag", "none = every day"),
        ),
        Field(name="recurrence.from_time", words=_words("Von (Uhrzeit)", "From (time)"), input="time"),
        Field(
            name="recurrence.until_time",
            words=_words("Bis (Uhrzeit)", "Until (time)"),
            input="time",
            hint=_words("früher als „von“ = am nächsten Tag", "before “from” = on the next day"),
        ),
    ),
)
_ORDER = Group(
    words=_words("Anordnung und Zustimmungen", "Order and consents"),
    folded=True,
    fields=(
        Field(
            name="traffic_order.number",
            words=_words("Verkehrsrechtliche Anordnung, Nummer", "Traffic order, number"),
        ),
        Field(name="traffic_order.authority", words=_words("Behörde", "Authority")),
        Field(name="traffic_order.from", words=_words("gilt ab", "from"), input="day"),
        Field(name="traffic_order.until", words=_words("gilt bis", "until"), input="day"),
        Field(
            name="consents",
            words=_words("Zustimmungen liegen vor", "Consents given"),
            input="many",
            codes="consent",
        ),
    ),
)
_RESTRICTION = Field(
    name="restriction",
    words=_words("Wirkung auf den Verkehr", "Effect on traffic"),
    input="choice",
    codes="restriction",
    preset="none",
)
_TAKES = Field(
    name="takes",
    words=_words("Beansprucht", "Takes"),
    input="many",
    codes="takes",
    hint=_words("keines angekreuzt = aus der Zeichnung abgelesen", "none ticked = read off the drawing"),
)


def _state(codes: str) -> Field:
    return Field(name="state", words=_words("Stand", "State"), input="choice", codes=codes)


_WHAT = _words("Was und wann?", "What and when?")
FORMS: Mapping[str, Form] = {
    "construction-sites": Form(
        many=_words("Baustellen", "Construction sites"),
        one=_words("Baustelle", "Construction site"),
        about=_words(
            "Arbeiten im Straßenraum. Eine geplante Baustelle wird immer gespeichert; bestätigt wird sie nur, wo nichts Verbindliches im Weg ist.",
            "Works in the street. A planned site is always stored; it is confirmed only where nothing binding is in the way.",
        ),
        groups=(
            Group(
                words=_WHAT,
                fields=(
                    _TITLE,
                    Field(
                        name="kind",
                        words=_words("Art", "Kind"),
                        input="choice",
                        codes="kind",
                        preset="sonstige",
                    ),
                    *_days(),
                    _state("site_state"),
                    _RESTRICTION,
                    Field(
                        name="excavation",
                        words=_words("Der Boden wird aufgegraben", "The ground is opened"),
                        input="check",
                    ),
                    Field(
                        name="is_public",
                        words=_words("Auch geplant schon veröffentlichen", "Publish while it is planned"),
                        input="check",
                        preset="yes",
                    ),
                ),
            ),
            _PATTERN,
            Group(
                words=_words("Platz und Führung", "Room and guidance"),
                folded=True,
                fields=(
                    _TAKES,
                    Field(
                        name="remaining_carriageway_m",
                        words=_words("Restbreite Fahrbahn (m)", "Carriageway left (m)"),
                        input="number",
                    ),
                    Field(
                        name="remaining_footway_m",
                        words=_words("Restbreite Gehweg (m)", "Footway left (m)"),
                        input="number",
                    ),
                    Field(
                        name="pedestrian_guidance",
                        words=_words("Führung zu Fuß", "Guidance of pedestrians"),
                        input="choice",
                        codes="guidance",
                    ),
                    Field(
                        name="cycle_guidance",
                        words=_words("Führung mit dem Rad", "Guidance of cyclists"),
                        input="choice",
                        codes="guidance",
                    ),
                    Field(
                        name="public_transport_affected",
                        words=_words("Busse sind betroffen", "Buses are affected"),
                        input="check",
                    ),
                ),
            ),
            _ORDER,
            Group(
                words=_words("Wer", "Who"),
                folded=True,
                fields=(
                    Field(name="case_number", words=_words("Aktenzeichen", "Case number")),
                    Field(name="utility", words=_words("Sparte", "Utility"), input="choice", codes="utility"),
                    Field(name="client", words=_words("Auftraggeber", "Client")),
                    Field(name="contractor", words=_words("Ausführende Firma", "Contractor")),
                    Field(
                        name="phone_24h",
                        words=_words("Rufnummer rund um die Uhr", "Phone around the clock"),
                        input="tel",
                        hint=_words("wird nie veröffentlicht", "is never published"),
                    ),
                ),
            ),
            Group(
                words=_words("Verlauf und Abnahme", "Course and acceptance"),
                folded=True,
                fields=(
                    Field(
                        name="actual_from", words=_words("Tatsächlicher Beginn", "Actual start"), input="day"
                    ),
                    Field(name="actual_until", words=_words("Tatsächliches Ende", "Actual end"), input="day"),
                    Field(
                        name="accepted_on",
                        words=_words("Aufbruch abgenommen am", "Closed dig accepted on"),
                        input="day",
                        hint=_words(
                            "nur bei beendeten Aufgrabungen; ab hier läuft die Gewährleistung",
                            "only for digs that have ended; the warranty runs from here",
                        ),
                    ),
                ),
            ),
        ),
    ),
    "events": Form(
        many=_words("Veranstaltungen", "Events"),
        one=_words("Veranstaltung", "Event"),
        about=_words(
            "Feste, Märkte, Umzüge, Läufe. Auf- und Abbau kommen zu jedem Termin hinzu.",
            "Festivals, markets, parades, runs. Set-up and clearing are added each time it is held.",
        ),
        groups=(
            Group(
                words=_WHAT,
                fields=(
                    _TITLE,
                    Field(
                        name="kind",
                        words=_words("Art", "Kind"),
                        input="choice",
                        codes="event_kind",
                        preset="sonstige",
                    ),
                    *_days(end_needed=True),
                    Field(
                        name="set_up_hours",
                        words=_words("Aufbau (Stunden vorher)", "Set-up (hours before)"),
                        input="number",
                        step=0.5,
                    ),
                    Field(
                        name="clearing_hours",
                        words=_words("Abbau (Stunden danach)", "Clearing (hours after)"),
                        input="number",
                        step=0.5,
                    ),
                    _state("event_state"),
                    _RESTRICTION,
                    Field(name="organiser", words=_words("Veranstalter", "Organiser")),
                ),
            ),
            _PATTERN,
            Group(words=_words("Platz", "Room"), folded=True, fields=(_TAKES,)),
            _ORDER,
        ),
    ),
    "detours": Form(
        many=_words("Umleitungen", "Detours"),
        one=_words("Umleitung", "Detour"),
        about=_words(
            "Ausgeschilderte Wege um eine Sperrung; sie dürfen über die Stadtgrenze führen.",
            "Signed ways around a closure; they may cross the town's border.",
        ),
        shape="line",
        groups=(
            Group(
                words=_WHAT,
                fields=(
                    _TITLE,
                    *_days(),
                    _state("site_state"),
                    Field(name="modes", words=_words("Für", "For"), input="many", codes="mode", preset="car"),
                    Field(
                        name="belongs_to",
                        words=_words("Gehört zu (Kennung)", "Belongs to (id)"),
                        input="id",
                        hint=_words(
                            "Baustelle, Veranstaltung oder Sondernutzung, für die umgeleitet wird",
                            "the site, event or permit that needs it",
                        ),
                    ),
                ),
            ),
        ),
    ),
    "blackouts": Form(
        many=_words("Sperrzeiten", "Blackouts"),
        one=_words("Sperrzeit", "Blackout"),
        about=_words(
            "Wo und wann Nutzungen abgelehnt werden, etwa während des Weihnachtsmarkts.",
            "Where and when uses are refused, for a Christmas market for instance.",
        ),
        groups=(
            Group(
                words=_WHAT,
                fields=(
                    _TITLE,
                    *_days(),
                    Field(
                        name="refuses",
                        words=_words("Abgelehnt wird", "Refused is"),
                        input="many",
                        codes="refuses",
                        preset="all",
                        needed=True,
                    ),
                ),
            ),
            _PATTERN,
        ),
    ),
    "no-dig-periods": Form(
        many=_words("Aufgrabungssperren", "No-dig periods"),
        one=_words("Aufgrabungssperre", "No-dig period"),
        about=_words(
            "Wo nach der Erneuerung der Fahrbahn nicht aufgegraben wird. Die aus dem Straßennetz folgen der Fertigstellung.",
            "Where nobody digs after resurfacing. Those of the road network follow its completion.",
        ),
        groups=(Group(words=_WHAT, fields=(_TITLE, *_days())),),
    ),
    "reinstatements": Form(
        many=_words("Abgenommene Aufbrüche", "Reinstatements"),
        one=_words("Abgenommener Aufbruch", "Reinstatement"),
        about=_words(
            "Wo ein Aufbruch geschlossen und abgenommen wurde; ab diesem Tag läuft die Gewährleistung.",
            "Where a dig was closed and accepted; the warranty runs from that day.",
        ),
        groups=(
            Group(
                words=_WHAT,
                fields=(
                    _TITLE,
                    Field(
                        name="accepted_on",
                        words=_words("Abgenommen am", "Accepted on"),
                        input="day",
                        needed=True,
                    ),
                    Field(
                        name="source_id",
                        words=_words("Aufgegraben durch (Kennung)", "Dug by (id)"),
                        input="id",
                        hint=_words(
                            "Baustelle oder Sondernutzung, wenn bekannt", "the site or permit, if known"
                        ),
                    ),
                ),
            ),
        ),
    ),
    "fire-areas": Form(
        many=_words("Feuerwehrflächen", "Areas of the fire brigade"),
        one=_words("Feuerwehrfläche", "Area of the fire brigade"),
        about=_words(
            "Zufahrten, Aufstell- und Bewegungsflächen nach DIN 14090.",
            "Where the fire brigade drives, sets up and works (DIN 14090).",
        ),
        groups=(
            Group(
                words=_WHAT,
                fields=(
                    _TITLE,
                    Field(
                        name="kind",
                        words=_words("Art", "Kind"),
                        input="choice",
                        codes="fire_area_kind",
                        preset="unknown",
                    ),
                ),
            ),
        ),
    ),
}


def stated_properties(served: ServedKind[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What of an answer can be sent back as it is: statable, and neither unknown nor read off the drawing."""
    (properties,) = get_args(served.feature.model_fields["properties"].annotation) or (
        served.feature.model_fields["properties"].annotation,
    )
    names = {field.alias or name for name, field in properties.model_fields.items()}
    derived = {"takes"} if told.get("takes_derived") else set()
    return {
        name: value for name, value in told.items() if name in names - derived and value not in (None, [])
    }
