"""What cannot be read, stored or done in time: a clear answer in the reader's language, over HTTP."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from geo_service.db.constraints import MEANING
from geo_service.db.database import Database, owner_session
from geo_service.errors import GeoServiceError
from geo_service.interval import TOWN_ZONE
from geo_service.web.problem_words import SENTENCES, in_language
from tests.permits.conftest import APPLICANT, Desk, opened_desks

FILING, CHECKING = "/api/v1/permits", "/api/v1/conflict-checks"
ONLY_FILED = ("purpose", "applicant", "status")
Change = Callable[[Desk], Any]


def stating(**properties: Any) -> Change:
    def change(desk: Desk) -> dict[str, Any]:
        body = desk.body()
        body["properties"] |= properties
        return body

    return change


def leaving_out(*names: str) -> Change:
    def change(desk: Desk) -> dict[str, Any]:
        body = desk.body()
        for name in names:
            del body["properties"][name]
        return body

    return change


def drawn(kind: str, coordinates: Callable[[list[list[float]]], Any]) -> Change:
    """A geometry made from the corners of a proper rectangle."""

    def change(desk: Desk) -> dict[str, Any]:
        corners = [list(at) for at in desk.draw()["coordinates"][0]]
        return {**desk.body(), "geometry": {"type": kind, "coordinates": coordinates(corners)}}

    return change


def circle(corners: list[list[float]]) -> list[list[list[float]]]:
    (x, y), turns = corners[0], [math.tau * i / 20_000 for i in range(20_000)]
    ring = [[x + 0.001 * math.cos(turn), y + 0.001 * math.sin(turn)] for turn in turns]
    return [[*ring, ring[0]]]


def far_hole(corners: list[list[float]]) -> list[list[list[float]]]:
    return [corners, [[x + 0.1, y] for x, y in corners]]


def written(change: Change, old: str, new: str) -> Callable[[Desk], bytes]:
    """The body with a piece of its text replaced: what no JSON writer writes."""
    return lambda desk: json.dumps(change(desk)).replace(old, new).encode()


SOON = datetime.now(TOWN_ZONE).date() + timedelta(days=1)

# What is sent; the status; where; a piece of the German and of the English sentence.
BAD: dict[str, tuple[Change, int, str, str, str]] = {
    "crossing itself, hole outside": (drawn("Polygon", far_hole), 422, "/geometry/coordinates", "ein Loch liegt außerhalb, bei", "hole lies outside shell at"),
    "empty": (drawn("Polygon", lambda _: []), 422, "/geometry/coordinates", "Geometrie ist leer", "geometry is empty"),
    "empty ring": (drawn("Polygon", lambda _: [[]]), 422, "/geometry/coordinates/0", "gebraucht", "needed here"),
    "no geometry": (lambda desk: {**desk.body(), "geometry": None}, 422, "/geometry", "GeoJSON-Geometrie wird", "GeoJSON geometry is"),
    "NaN": (drawn("Polygon", lambda c: [[[math.nan, c[0][1]], *c[1:]]]), 422, "/geometry/coordinates/0/0", "keine endliche Zahl", "not a finite number"),
    "20,000 vertices": (drawn("Polygon", circle), 422, "/geometry/coordinates/0/10000", "mehr als", "more than"),
    "outside every town": (drawn("Polygon", lambda c: [[[x + 1, y] for x, y in c]]), 422, "/geometry", "außerhalb aller Kommunen", "outside every town"),
    "on another continent": (drawn("Polygon", lambda c: [[[x - 80, y] for x, y in c]]), 422, "/geometry/coordinates/0/0", "liegt außerhalb von", "lies outside"),
    "swapped": (drawn("Polygon", lambda c: [[[y, x] for x, y in c]]), 422, "/geometry/coordinates/0/0", "sieht vertauscht aus", "looks swapped"),
    "open ring": (drawn("Polygon", lambda c: [c[:-1]]), 422, "/geometry/coordinates/0", "nicht geschlossen", "not closed"),
    "two positions": (drawn("Polygon", lambda c: [c[:2]]), 422, "/geometry/coordinates/0", "mindestens 4 Punkte", "At least 4 positions"),
    "words for numbers": (drawn("Polygon", lambda _: [[["a", "b"]] * 4]), 422, "/geometry/coordinates/0/0", "Ein Punkt ist", "A position is"),
    "a point": (drawn("Point", lambda c: c[0]), 422, "/properties/length_m", "in Metern gebraucht", "in metres, greater than 0"),
    "unknown kind of geometry": (drawn("Circle", lambda c: c), 422, "/geometry/type", "Geometrieart 'Circle'", "type 'Circle'"),
    "a country": (drawn("Polygon", lambda c: [[[8.4, 49.5], [8.8, 49.5], [8.8, 49.8], [8.4, 49.8], [8.4, 49.5]]]), 422, "/geometry", "höchstens 10 km²", "at most 10 km²"),
    "reversed": (stating(**{"from": "2027-05-04", "until": "2027-05-01"}), 422, "/properties/until", "vor dem ersten", "before the first"),
    "no dates": (leaving_out("from", "until"), 422, "/properties/from", "Ein Zeitraum wird gebraucht", "A period is needed"),
    "30 years": (stating(until="2057-01-01"), 422, "/properties/until", "Tage; höchstens", "days; at most"),
    "yesterday as a word": (stating(until="gestern"), 422, "/properties/until", "Hier wird ein Tag gebraucht", "valid date"),
    "instant without zone": (stating(start="2027-01-01T00:00:00"), 422, "/properties/start", "braucht seine Zeitzone", "timezone"),
    "25 o'clock": (stating(recurrence={"from_time": "25:00"}), 422, "/properties/recurrence/from_time", "Uhrzeit", "time format"),
    "unknown property": (stating(colour="red"), 422, "/properties/colour", "nicht bekannt", "not permitted"),
    "unknown use": (stating(use_type="raumschiff"), 422, "/properties/use_type", "Nutzung gibt es nicht", "unknown use"),
    "no use": (leaving_out("use_type"), 422, "/properties/use_type", "fehlt", "required"),
    "negative": (stating(frontage_m=-1), 422, "/properties/frontage_m", "größer als 0", "greater than 0"),
    "infinite": (stating(frontage_m=math.inf), 422, "/properties/frontage_m", "endlich", "finite"),
    "half a piece": (stating(count=1.5), 422, "/properties/count", "ganze Zahl", "valid integer"),
    "too many pieces": (stating(count=10**9), 422, "/properties/count", "höchstens 100000", "less than or equal to 100000"),
    "no list": (stating(takes="footway"), 422, "/properties/takes", "eine Liste", "valid list"),
    "not foreseen": (stating(takes=["moon"]), 422, "/properties/takes/0", "nicht vorgesehen", "Input should be"),
    "perhaps": (stating(commercial="vielleicht"), 422, "/properties/commercial", "ja oder nein", "valid boolean"),
    "no UUID": (stating(case_group="x"), 422, "/properties/case_group", "UUID", "valid UUID"),
    "heights": (stating(height_from_m=5, height_to_m=2), 422, "/properties/height_to_m", "obere Höhe", "upper height"),
    "U+0000 in a short text": (stating(zone="a\0"), 422, "/properties/zone", "U+0000", "U+0000 cannot be stored"),
    "U+0000 in a list": (stating(closed_segments=["a\0"]), 422, "/properties/closed_segments", "U+0000", "U+0000 cannot be stored"),
    "U+0000 deeper": (stating(traffic_order={"number": "\0", "from": "2027-01-01", "until": "2027-01-02"}), 422, "/properties/traffic_order/number", "U+0000", "U+0000 cannot be stored"),
    "lone surrogate": (stating(zone="\ud800"), 422, "/properties/zone", "das es nicht gibt", "unicode"),
    "no properties": (lambda desk: {**desk.body(), "properties": None}, 422, "/properties", "ein Objekt", "dictionary or object"),
    "broken JSON": (lambda _: b'{"type": ', 400, "/9", "fehlerhaft", "JSON decode error"),
    "a number of 5,000 digits": (written(stating(count=1), '"count": 1', '"count": 1' + "0" * 5_000), 400, "", "nicht lesbar", "error parsing the body"),
    "100,000 brackets": (lambda _: b"[" * 100_000, 400, "", "nicht lesbar", "error parsing the body"),
    "not UTF-8": (lambda _: '{"a": "ä"}'.encode("latin-1"), 400, "", "nicht lesbar", "error parsing the body"),
    "5 MB": (lambda _: b"x" * 5_000_000, 413, "", "größer als 1000 kB", "larger than 1000 kB"),
}  # fmt: skip

BAD_FILING: dict[str, tuple[Change, int, str, str, str]] = {
    "U+0000": (stating(purpose="a\0b"), 422, "/properties/purpose", "U+0000", "U+0000 cannot be stored"),
    "U+0000 in a name": (stating(applicant={**APPLICANT, "name": "a\0"}), 422, "/properties/applicant/name", "U+0000", "U+0000 cannot be stored"),
    "surrogate": (stating(purpose="\ud800"), 422, "/properties/purpose", "das es nicht gibt", "unicode"),
    "900 kB of purpose": (stating(purpose="x" * 900_000), 422, "/properties/purpose", "höchstens 2000 Zeichen", "at most 2000 characters"),
    "1 MB of purpose": (stating(purpose="x" * 1_000_000), 413, "", "größer als 1000 kB", "larger than 1000 kB"),
    "name of 10,000": (stating(applicant={**APPLICANT, "name": "x" * 10_000}), 422, "/properties/applicant/name", "höchstens 200 Zeichen", "at most 200 characters"),
    "no name": (stating(applicant={**APPLICANT, "name": "  "}), 422, "/properties/applicant/name", "mindestens 1 Zeichen", "at least 1 character"),
    "not to be reached": (stating(applicant={"name": "x"}), 422, "/properties/applicant", "E-Mail, Anschrift oder Telefon", "email, address or phone"),
    "nobody": (leaving_out("applicant"), 422, "/properties/applicant", "Mindestens ein Name", "At least a name"),
    "over": (stating(**{"from": "2020-01-01", "until": "2020-01-02"}), 422, "/properties/until", "schon vorbei", "over already"),
    "too soon": (stating(**{"from": f"{SOON}", "until": f"{SOON}"}), 422, "/properties/urgent_reason", "warum es eilt", "why it is urgent"),
    "consent": (stating(consents=["road_owner"]), 422, "/properties/consents", "Sachbearbeitung", "Only a clerk"),
}  # fmt: skip


def post(desk: Desk, path: str, made: Any, language: str) -> Response:
    if path == CHECKING and isinstance(made, dict) and made["properties"]:
        made = {**made, "properties": {k: v for k, v in made["properties"].items() if k not in ONLY_FILED}}
    content = made if isinstance(made, bytes) else json.dumps(made).encode()
    headers = {"Content-Type": "application/json", "Accept-Language": language}
    answer: Response = desk.client.post(path, content=content, headers=headers)
    return answer


def said(answer: Response) -> dict[str, str]:
    """The sentences by place; the whole answer's under ''."""
    problem = answer.json()
    return {"": problem["detail"]} | {each["pointer"]: each["detail"] for each in problem.get("errors", ())}


SENT = [(FILING, each) for each in BAD | BAD_FILING] + [
    (CHECKING, each) for each in BAD if each != "outside every town"
]


@pytest.mark.parametrize(
    ("path", "name"), SENT, ids=[f"{path.rsplit('/')[-1]}-{name}" for path, name in SENT]
)
def test_bad_input_is_answered_in_the_readers_language(standing_desk: Desk, path: str, name: str) -> None:
    change, status, pointer, *pieces = (BAD | BAD_FILING)[name]
    made = change(standing_desk)
    told = []
    for language, piece in zip(("de", "en"), pieces, strict=True):
        answer = post(standing_desk, path, made, language)
        assert (answer.status_code, answer.headers["content-language"]) == (status, language), answer.text
        told.append(said(answer))
        assert piece in told[-1].get(pointer, ""), told[-1]
    german, english = told
    assert [place for place in german if german[place] == english[place]] == [], "not translated"


def test_what_a_broken_constraint_means_is_said_in_german_too() -> None:
    for error in set(MEANING.values()):
        assert in_language(error().detail, "de") != error().detail


def test_a_translation_has_the_holes_of_its_sentence() -> None:
    uneven = [english for english, german in SENTENCES.items() if english.count("…") != german.count("…")]
    assert uneven == []


@pytest.fixture
def impatient(town_database: Database) -> Iterator[Desk]:
    """The application with statements of a second at most."""
    for make in opened_desks(replace(town_database, statement_timeout_ms=1_000)):
        yield make()


@pytest.mark.parametrize(("path", "locked"), [(FILING, "permit"), (CHECKING, "occupation")])
def test_what_the_database_cannot_do_in_time_is_a_503(impatient: Desk, path: str, locked: str) -> None:
    with owner_session(impatient.database) as owner:
        owner.execute(text(f"LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE"))
        answer = post(impatient, path, impatient.body(), "de")
        owner.rollback()
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] and "gleich noch einmal" in answer.json()["detail"]
    assert post(impatient, path, impatient.body(), "de").status_code in (200, 201)


def test_no_free_connection_is_a_503(desk: Desk) -> None:
    engine = desk.app.state.engine
    engine.pool._timeout = 0.2
    held = [engine.connect() for _ in range(engine.pool.size() + engine.pool._max_overflow)]
    try:
        answer = post(desk, FILING, desk.body(), "de")
    finally:
        for connection in held:
            connection.close()
    assert answer.status_code == 503 and answer.headers["retry-after"]


def test_a_broken_constraint_is_no_fault_of_the_service(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        owner.execute(text("ALTER TABLE occupation DROP CONSTRAINT occupation_town_fkey"))
        owner.execute(
            text("ALTER TABLE occupation ADD CONSTRAINT occupation_area_plausible_ CHECK (area IS NULL)")
        )
        owner.execute(text("ALTER TABLE occupation DROP CONSTRAINT occupation_area_plausible"))
        owner.execute(
            text(
                "ALTER TABLE occupation RENAME CONSTRAINT occupation_area_plausible_ TO occupation_area_plausible"
            )
        )
    answer = post(desk, FILING, desk.body(), "en")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/BadGeometry")


def test_every_meaning_is_an_answer_to_a_client() -> None:
    assert all(issubclass(error, GeoServiceError) and 400 <= error.status < 500 for error in MEANING.values())
