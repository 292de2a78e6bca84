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

from geo_service.web.desk_words import DESK_SENTENCES
from geo_service.web.language import Language
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
    # papers
    "There is no such paper in this case.": "Eine solche Unterlage gibt es in diesem Vorgang nicht.",
    "There is no such notice in this case.": "Ein solches Schriftstück gibt es in diesem Vorgang nicht.",
    "There is no such use.": "Eine solche Nutzung gibt es nicht.",
    "A case holds at most 20 papers; take one out first.": "Ein Vorgang nimmt höchstens 20 Unterlagen auf; nehmen Sie zuerst eine heraus.",
    "The case has been decided; the applicant's papers stay as they are.": "Über den Antrag ist entschieden; die Unterlagen bleiben, wie sie sind.",
    "Only the side that added a paper can take it out.": "Nur wer eine Unterlage hinzugefügt hat, kann sie herausnehmen.",
    "What kind of paper it is is not known.": "Eine solche Art von Unterlage gibt es nicht.",
    "A file may have at most 10 MB.": "Eine Datei darf höchstens 10 MB haben.",
    "The file is empty.": "Die Datei ist leer.",
    "The file cannot be used.": "Die Datei ist nicht verwendbar.",
    "Only PDF, PNG and JPEG files can be added.": "Nur PDF, PNG und JPEG können hinzugefügt werden.",
    "The file was sent as …, but it is ….": "Die Datei wurde als … gesendet, ist aber ….",
    "The file is named …, but it is ….": "Die Datei heißt …, ist aber ….",
    "The PDF is locked with a password; save it without one.": "Die PDF-Datei ist mit einem Kennwort gesperrt; speichern Sie sie ohne.",
    "The PDF cannot be opened; save it again.": "Die PDF-Datei lässt sich nicht öffnen; speichern Sie sie neu.",
    "The PDF has no pages.": "Die PDF-Datei hat keine Seiten.",
    "The picture is too large: at most … million pixels.": "Das Bild ist zu groß: höchstens … Millionen Bildpunkte.",
    "The picture cannot be opened; save it again.": "Das Bild lässt sich nicht öffnen; speichern Sie es neu.",
    "The file cannot be stored right now; try again later.": "Die Datei kann gerade nicht gespeichert werden; versuchen Sie es später wieder.",
    "The file of this paper cannot be read on the server; the town's operator has been told.": "Die Datei dieser Unterlage ist auf dem Server nicht lesbar; der Betrieb ist unterrichtet.",
    "A draft has not been received by anybody; file it first.": "Ein Entwurf ist noch nicht eingegangen; reichen Sie ihn zuerst ein.",
    "Only a single use can stand instead of an own case; check it alone.": "Nur eine einzelne Nutzung kann an die Stelle eines eigenen Antrags treten; prüfen Sie sie allein.",
    # fees
    "There is no fee notice: the case is not granted, or it costs nothing.": "Es gibt keinen Gebührenbescheid: Der Vorgang ist nicht erlaubt oder kostet nichts.",
    "Another amount than the tariff's needs a reason.": "Ein anderer Betrag als der des Tarifs braucht eine Begründung.",
    "An amount in euros has at most two decimals, for example 166.88.": "Ein Betrag in Euro hat höchstens zwei Nachkommastellen, zum Beispiel 166,88.",
    "A credit and whatever undoes an entry need a reason.": "Eine Absetzung und jede Stornierung brauchen eine Begründung.",
    "The day lies between the notice and today.": "Der Tag liegt zwischen dem Bescheid und heute.",
    "At most … euros can be booked as ….": "Höchstens … Euro können als „…“ gebucht werden.",
    "There is nothing to be booked as ….": "Als „…“ ist nichts zu buchen.",
    # messages
    "There is no such message in this case.": "Diese Nachricht gibt es in diesem Vorgang nicht.",
    "The message is on its way; it can be sent again once that is over.": "Die Nachricht ist unterwegs; danach kann sie noch einmal gesendet werden.",
    # filing
    "Something is missing before this can be filed.": "Vor dem Einreichen fehlt noch etwas.",
    "The area lies outside every town of this service, so nobody could decide about it.": "Die Fläche liegt außerhalb aller Kommunen dieses Dienstes; niemand könnte darüber entscheiden.",
    "… does not take requests through this service. Please ask there: …": "… nimmt über diesen Dienst keine Anträge an. Bitte fragen Sie dort: …",
    "Who asks? At least a name is needed.": "Wer stellt den Antrag? Mindestens ein Name ist nötig.",
    "The period is over already.": "Der Zeitraum ist schon vorbei.",
    "The start is nearer than the lead time; say why it is urgent.": "Der Beginn liegt innerhalb der Vorlaufzeit; begründen Sie, warum es eilt.",
    "A change of a filed case is not filed as a new one; withdraw that one first.": "Die Änderung eines eingereichten Antrags ist kein neuer Antrag; ziehen Sie jenen zuerst zurück.",
    "Only a clerk of the town can state this.": "Das kann nur die Sachbearbeitung der Kommune angeben.",
    "The area lies in … now: withdraw this request and file it there.": "Die Fläche liegt jetzt in …: Ziehen Sie diesen Antrag zurück und stellen Sie ihn dort.",
    "The Idempotency-Key was used already, with another body.": "Der Idempotency-Key wurde schon mit anderem Inhalt benutzt.",
    "The first request with this Idempotency-Key is still running; repeat in a moment.": "Die erste Anfrage mit diesem Idempotency-Key läuft noch; wiederholen Sie gleich.",
    # the life of a case
    "There is no case under this reference for you: check the reference, and the token or the key.": "Unter diesem Aktenzeichen gibt es für Sie keinen Vorgang: Prüfen Sie Aktenzeichen und Zugangscode oder Schlüssel.",
    "The permit is … already.": "Der Vorgang ist schon im Zustand „…“.",
    "A permit that is … cannot become …; possible: ….": "Aus dem Zustand „…“ wird nicht „…“; möglich: ….",
    "Only … may move a permit from … to ….": "Nur „…“ darf einen Vorgang von „…“ nach „…“ bringen.",
    "There is no state '…'.": "Einen Zustand „…“ gibt es nicht.",
    "This step needs a reason.": "Dieser Schritt braucht eine Begründung.",
    "Only a grant can override findings.": "Nur bei einer Erlaubnis lassen sich Befunde übergehen.",
    "A blocking finding stands or the grant lacks something; a supervisor may override it with a reason.": "Ein Befund steht entgegen oder für die Erlaubnis fehlt etwas; die Leitung kann ihn mit Begründung übergehen.",
    "There are more findings than can be kept and overridden one by one; ask for less, or elsewhere.": "Es gibt mehr Befunde, als einzeln festgehalten und übergangen werden können; bitte weniger oder anderswo beantragen.",
    "There is no such finding for you; it may have been solved meanwhile.": "Diesen Befund gibt es für Sie nicht; vielleicht ist er inzwischen gelöst.",
    "A blocking finding is not accepted: change what is asked for, or a supervisor overrides it.": "Ein blockierender Befund wird nicht hingenommen: Der Antrag wird geändert, oder die Leitung übergeht ihn.",
    "This is a finding of another town; its desk settles it.": "Das ist der Befund einer anderen Kommune; deren Sachbearbeitung schließt ihn ab.",
    "A finding is settled as accepted, resolved, overridden.": "Ein Befund wird als accepted, resolved oder overridden abgeschlossen.",
    "There are no rules recorded under this name.": "Unter diesem Namen sind keine Regeln festgehalten.",
    "There is no severity '…'.": "Eine Schwere „…“ gibt es nicht.",
    "There is no status '…'.": "Einen Status „…“ gibt es nicht.",
    "Only a supervisor may override a finding.": "Nur die Leitung darf einen Befund übergehen.",
    "This request has no such finding.": "Diesen Befund hat der Antrag nicht.",
    "Overriding needs a written reason; it is kept for ever.": "Das Übergehen braucht eine schriftliche Begründung; sie bleibt dauerhaft erhalten.",
    "The permit is decided; what was asked for cannot be changed any more.": "Es ist entschieden; der Antrag lässt sich nicht mehr ändern.",
    "The request is being examined; it can be changed when the town asks for more information.": "Der Antrag wird geprüft; ändern lässt er sich, wenn die Kommune nachfragt.",
    "Only a permit in force can be changed; before the decision the request itself is.": "Nur eine geltende Erlaubnis lässt sich ändern; vor der Entscheidung ändert man den Antrag selbst.",
    "An extension ends later than the permit.": "Eine Verlängerung endet später als die Erlaubnis.",
    "Nothing is left of the period then.": "Vom Zeitraum bleibt dann nichts übrig.",
    "The period may not reach beyond that of the permit.": "Der Zeitraum darf nicht über den der Erlaubnis hinausgehen.",
    "A reduction needs a smaller area or a shorter period.": "Eine Verkleinerung braucht eine kleinere Fläche oder einen kürzeren Zeitraum.",
    "A reduction lies inside the area of the permit.": "Eine Verkleinerung liegt innerhalb der erlaubten Fläche.",
    "An enlargement holds the area of the permit and more.": "Eine Vergrößerung umfasst die erlaubte Fläche und mehr.",
    "A shift needs another area or another period.": "Eine Verlegung braucht eine andere Fläche oder einen anderen Zeitraum.",
    "Who is the new holder? At least a name is needed.": "Wer übernimmt? Mindestens ein Name ist nötig.",
    "The area lies in … now: ask for it there.": "Die Fläche liegt jetzt in …: Bitte dort beantragen.",
    "This kind of change leaves that as it is.": "Diese Art der Änderung lässt das unverändert.",
    "Only a clerk of the town can do this.": "Das kann nur die Sachbearbeitung der Kommune.",
    "There is no consultation under this address for you: check the link.": "Unter dieser Adresse gibt es für Sie keine Anfrage: Bitte prüfen Sie den Link.",
    "Offices are consulted while a request is in review.": "Andere Stellen werden beteiligt, während ein Antrag in Prüfung ist.",
    "This was answered already; the answer stands.": "Darauf wurde schon geantwortet; die Antwort bleibt stehen.",
    "Who is asked? An office or a neighbour town is needed.": "Wer wird gefragt? Eine Stelle oder eine Nachbarkommune ist nötig.",
    "A town does not consult itself; name the office instead.": "Eine Kommune beteiligt sich nicht selbst; nennen Sie die Stelle.",
    "Conditions and objections need words.": "Auflagen und Einwände brauchen einen Text.",
    "Who answers? A name is needed.": "Wer antwortet? Ein Name ist nötig.",
    "This day has not come yet.": "Dieser Tag ist noch nicht gekommen.",
    "The deadline for the answer has not passed yet.": "Die Frist für die Antwort ist noch nicht abgelaufen.",
    "The period has not begun yet.": "Der Zeitraum hat noch nicht begonnen.",
    "The period is not over yet.": "Der Zeitraum ist noch nicht vorbei.",
    "There is no case with this reference and token.": "Einen Vorgang mit diesem Aktenzeichen und Zugangscode gibt es nicht.",
    "There is no finding ….": "Den Befund … gibt es nicht.",
    "There is no state ….": "Einen Zustand … gibt es nicht.",
    "The cursor is not one that this service gave out.": "Dieser Cursor stammt nicht von diesem Dienst.",
    "An Idempotency-Key has 1 to … characters.": "Ein Idempotency-Key hat 1 bis … Zeichen.",
    "There is no town under this name or AGS.": "Eine Kommune mit diesem Namen oder AGS gibt es nicht.",
    "There is no such tile.": "Diese Kachel gibt es nicht.",
    "This form must be sent from this service's own page.": "Dieses Formular muss von der Seite dieses Dienstes kommen.",
    "Something binding is in the way; move it, choose another time, or keep it planned.": "Etwas Verbindliches steht im Weg: Verschieben, eine andere Zeit wählen oder als geplant belassen.",
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

SENTENCES |= QUERY_SENTENCES | DESK_SENTENCES

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
    SENTENCES[f"The area is not valid and cannot be repaired: {_reason} at …, … (longitude, latitude)."] = (
        f"Die Fläche ist nicht gültig und nicht zu reparieren: {_grund}, bei … Länge, … Breite."
    )

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
