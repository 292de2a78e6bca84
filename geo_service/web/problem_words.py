# ruff: noqa: E501 - one sentence and its translation a line
"""The sentences of problem answers in German; a sentence without a translation stays as it is.

Sentences are written in English where the fault is found; `…` in a key stands for anything, in the same order in
the translation. Field faults that pydantic finds go by their type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from geo_service.web.case_words import CASE_SENTENCES
from geo_service.web.desk_words import DESK_SENTENCES
from geo_service.web.language import Language
from geo_service.web.place_words import PLACE_SENTENCES
from geo_service.web.query_words import QUERY_SENTENCES

TITLES = {
    400: "Nicht lesbar",
    401: "Nicht angemeldet",
    403: "Nicht erlaubt",
    404: "Nicht gefunden",
    405: "Methode nicht erlaubt",
    409: "Im jetzigen Zustand nicht möglich",
    412: "Inzwischen geändert",
    413: "Zu groß",
    415: "Inhalt dieser Art wird nicht gelesen",
    422: "Angaben nicht gültig",
    428: "If-Match fehlt",
    429: "Zu viele Anfragen",
    500: "Fehler im Dienst",
    503: "Gerade nicht verfügbar",
}

_PARAMETER = re.compile(r"[A-Za-z_-]{1,40}")

SENTENCES = {
    # every case
    "The request could not be read.": "Die Anfrage ist nicht lesbar.",
    "The body is not valid JSON.": "Der Inhalt ist kein gültiges JSON.",
    "There was an error parsing the body": "Der Inhalt ist nicht lesbar.",
    "Some fields are not valid.": "Einige Angaben sind nicht gültig.",
    "This needs a key or a sign-in.": "Dafür ist ein Schlüssel oder eine Anmeldung nötig.",
    "This key or person may not do that.": "Mit diesem Schlüssel oder dieser Anmeldung ist das nicht erlaubt.",
    "This key is unknown, expired or revoked.": "Dieser Schlüssel ist unbekannt, abgelaufen oder gesperrt.",
    "This key is unknown, expired, revoked or not the key of a person at a desk.": "Dieser Schlüssel ist unbekannt, abgelaufen, gesperrt oder gehört nicht zu einer Sachbearbeitung.",
    "Send the key as: Authorization: Bearer KEY": "Senden Sie den Schlüssel so: Authorization: Bearer SCHLÜSSEL",
    "Enter your key.": "Geben Sie Ihren Schlüssel ein.",
    "The form is too old or did not come from this page; load it again and repeat.": "Das Formular ist zu alt oder kam nicht von dieser Seite; laden Sie es neu und wiederholen Sie.",
    "Signing in without a key exists only in the demo on this machine.": "Eine Anmeldung ohne Schlüssel gibt es nur in der Demo auf diesem Rechner.",
    "The sign-in did not succeed; begin it again.": "Die Anmeldung ist nicht gelungen; beginnen Sie sie neu.",
    "The sign-in was broken off; begin it again.": "Die Anmeldung wurde abgebrochen; beginnen Sie sie neu.",
    "The sign-in service of the town cannot be reached right now; try again shortly.": "Der Anmeldedienst der Kommune ist gerade nicht erreichbar; versuchen Sie es gleich noch einmal.",
    "The sign-in service names another issuer than GEO_SERVICE_OIDC_ISSUER.": "Der Anmeldedienst nennt einen anderen Aussteller als GEO_SERVICE_OIDC_ISSUER.",
    "This service has no sign-in by an account at the town.": "Dieser Dienst hat keine Anmeldung mit einem Konto der Verwaltung.",
    "Your account has no role at this desk; the town's administration gives it.": "Ihr Konto hat an diesem Arbeitsplatz keine Rolle; die Verwaltung der Kommune vergibt sie.",
    "Your account may not act at this desk; ask the town's administration.": "Ihr Konto ist an diesem Arbeitsplatz nicht zugelassen; fragen Sie die Verwaltung der Kommune.",
    "Signing in needs https; ask whoever runs this service for its https address.": "Die Anmeldung geht nur über https; fragen Sie den Betrieb nach der https-Adresse dieses Dienstes.",
    "Only the administration of the town sees and changes its people and keys.": "Personen und Schlüssel sieht und ändert nur die Verwaltung der Kommune.",
    "There is no such person at the desk of this town.": "Diese Person gibt es an diesem Arbeitsplatz nicht.",
    "There is no such key in force.": "Einen solchen gültigen Schlüssel gibt es nicht.",
    "The key would have expired already.": "Der Schlüssel wäre schon abgelaufen.",
    "The last day is a date such as 2027-12-31.": "Der letzte Tag ist ein Datum wie 2027-12-31.",
    "There is nothing here under this name.": "Unter diesem Namen gibt es hier nichts.",
    "There is no town '…'.": "Eine Kommune „…“ gibt es nicht.",
    "It has been changed meanwhile; read it again and repeat.": "Es wurde inzwischen geändert; lesen Sie es neu und wiederholen Sie.",
    "The body is larger than … kB.": "Der Inhalt ist größer als … kB.",
    "Understood, but a value is not valid.": "Verstanden, aber eine Angabe ist nicht gültig.",
    "Send If-Match with the ETag you read.": "Senden Sie If-Match mit dem gelesenen ETag.",
    "Too many requests from this address; try again later.": "Zu viele Anfragen von dieser Adresse; versuchen Sie es später wieder.",
    "The service cannot answer right now; try again shortly.": "Der Dienst kann gerade nicht antworten; versuchen Sie es gleich noch einmal.",
    "Something went wrong inside the service; it has been logged.": "Im Dienst ist etwas schiefgegangen; es wurde festgehalten.",
    "A value cannot be stored as it is.": "Ein Wert kann so nicht gespeichert werden.",
}  # fmt: skip

SENTENCES |= CASE_SENTENCES | DESK_SENTENCES | PLACE_SENTENCES | QUERY_SENTENCES

# By pydantic's type of fault; {…} is filled with what pydantic says about it.
FIELD_FAULTS = {
    "missing": "Diese Angabe fehlt.",
    "extra_forbidden": "Diese Eigenschaft ist nicht bekannt.",
    "string_too_long": "Der Text ist zu lang: höchstens {max_length} Zeichen.",
    "string_too_short": "Der Text ist zu kurz: mindestens {min_length} Zeichen.",
    "string_type": "Hier wird ein Text gebraucht.",
    "string_unicode": "Der Text enthält ein Zeichen, das es nicht gibt.",
    "string_pattern_mismatch": "Der Text hat nicht die nötige Form.",
    "literal_error": "Dieser Wert ist nicht vorgesehen.",
    "date_type": "Hier wird ein Tag gebraucht, zum Beispiel 2026-06-01.",
    "date_from_datetime_parsing": "Hier wird ein Tag gebraucht, zum Beispiel 2026-06-01.",
    "date_from_datetime_inexact": "Hier wird ein Tag ohne Uhrzeit gebraucht, zum Beispiel 2026-06-01.",
    "date_parsing": "Hier wird ein Tag gebraucht, zum Beispiel 2026-06-01.",
    "datetime_type": "Hier wird ein Zeitpunkt gebraucht, zum Beispiel 2026-06-01T08:00:00+02:00.",
    "datetime_parsing": "Hier wird ein Zeitpunkt gebraucht, zum Beispiel 2026-06-01T08:00:00+02:00.",
    "datetime_from_date_parsing": "Hier wird ein Zeitpunkt gebraucht, zum Beispiel 2026-06-01T08:00:00+02:00.",
    "time_type": "Hier wird eine Uhrzeit gebraucht, zum Beispiel 08:00.",
    "time_parsing": "Hier wird eine Uhrzeit gebraucht, zum Beispiel 08:00.",
    "timezone_aware": "Ein Zeitpunkt braucht seine Zeitzone.",
    "float_type": "Hier wird eine Zahl gebraucht.",
    "float_parsing": "Hier wird eine Zahl gebraucht.",
    "finite_number": "Die Zahl muss endlich sein.",
    "int_type": "Hier wird eine ganze Zahl gebraucht.",
    "int_parsing": "Hier wird eine ganze Zahl gebraucht.",
    "int_parsing_size": "Die Zahl ist zu groß.",
    "int_from_float": "Hier wird eine ganze Zahl gebraucht.",
    "greater_than": "Die Zahl ist zu klein: Sie muss größer als {gt} sein.",
    "greater_than_equal": "Die Zahl ist zu klein: mindestens {ge}.",
    "less_than": "Die Zahl ist zu groß: Sie muss kleiner als {lt} sein.",
    "less_than_equal": "Die Zahl ist zu groß: höchstens {le}.",
    "bool_type": "Hier wird ja oder nein gebraucht (true, false).",
    "bool_parsing": "Hier wird ja oder nein gebraucht (true, false).",
    "list_type": "Hier wird eine Liste gebraucht.",
    "too_long": "Die Liste ist zu lang: höchstens {max_length} Einträge.",
    "too_short": "Die Liste ist zu kurz: mindestens {min_length} Einträge.",
    "dict_type": "Hier wird ein Objekt gebraucht.",
    "model_type": "Hier wird ein Objekt gebraucht.",
    "model_attributes_type": "Hier wird ein Objekt gebraucht.",
    "uuid_type": "Hier wird eine UUID gebraucht.",
    "uuid_parsing": "Hier wird eine UUID gebraucht.",
    "union_tag_invalid": "Diese Art gibt es hier nicht; möglich: {expected_tags}.",
    "union_tag_not_found": "Die Angabe {discriminator} fehlt; sie sagt, was gesendet wird.",
    "unknown_use": "Diese Nutzung gibt es nicht.",
    "unstorable_character": "Das Zeichen U+0000 kann nicht gespeichert werden.",
    "bad_mail_address": "Eine E-Mail-Adresse sieht so aus: name@example.org.",
    "not_one_line": "Hier ist nur eine Zeile Text möglich.",
    "bad_amount": "Ein Betrag in Euro hat höchstens zwei Nachkommastellen, zum Beispiel 166.88.",
    "entry_needs_reason": "Eine Absetzung und jede Stornierung brauchen eine Begründung.",
    "not_reachable": "E-Mail, Anschrift oder Telefon wird gebraucht, damit die Kommune antworten kann.",
    "json_invalid": "Hier ist das JSON fehlerhaft.",
}


def field_fault(fault: Mapping[str, Any], language: Language) -> str:
    """What pydantic found wrong with one field, in the reader's language."""
    german = FIELD_FAULTS.get(fault["type"])
    if language == "en" or german is None:
        return str(fault["msg"])
    return german.format_map(fault.get("ctx", {}))


def in_language(sentence: str, language: Language) -> str:
    """`sentence` in the reader's language, where a translation is known."""
    if language == "en":
        return sentence
    if sentence in SENTENCES:
        return SENTENCES[sentence]
    for pattern, german in _patterns():
        if found := pattern.fullmatch(sentence):
            parts = german.split("…")
            return "".join(part + value for part, value in zip(parts, (*found.groups(), ""), strict=True))
    parameter, colon, rest = sentence.partition(": ")
    if colon and _PARAMETER.fullmatch(parameter):
        return f"{parameter}: {in_language(rest, language)}"
    return sentence


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The sentences with holes, the longest first so that the most particular one speaks."""
    keys = sorted((key for key in SENTENCES if "…" in key), key=len, reverse=True)
    return [
        (re.compile("(.+?)".join(map(re.escape, key.split("…"))), re.DOTALL), SENTENCES[key]) for key in keys
    ]
