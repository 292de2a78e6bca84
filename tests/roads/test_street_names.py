from __future__ import annotations

import pytest

from geo_service.roads.street_names import names_street, normal_street_name


@pytest.mark.parametrize(
    ("said", "street"),
    [
        ("Darmstädter Str. 12a", "Darmstädter Straße"),
        ("DARMSTAEDTER-STRASSE", "Darmstädter Straße"),
        ("Hauptstr", "Hauptstraße"),
        ("Hauptstraße 3-5", "Hauptstraße"),
        ("Stadtpl. 1", "Stadtplatz"),
        ("St.-Martin-Str.", "Sankt-Martin-Straße"),
        ("Ko\u0308nigstr.", "Königstraße"),  # an umlaut in two characters, as some systems write it
        ("Vollsperrung Kaiserstr. zwischen Markt und Post", "Kaiserstraße"),
        ("Bensheim, Am Wambolter Hof (Nord)", "Am Wambolter Hof"),
        ("Straße des 17. Juni 135", "Straße des 17. Juni"),
    ],
)
def test_the_same_street_in_other_letters(said: str, street: str) -> None:
    assert names_street(said, street)


@pytest.mark.parametrize(
    ("said", "street"),
    [
        ("Bahnhofstraße", "Hofstraße"),
        ("Hauptstraße", "Hauptweg"),
        ("Straßburger Weg", "Strasburger Weg"),
        ("", "Hauptstraße"),
        ("Hauptstraße", "–"),
    ],
)
def test_other_streets(said: str, street: str) -> None:
    assert not names_street(said, street)


def test_a_name_of_numbers_alone_stays() -> None:
    assert normal_street_name("R7") == "r7"
