"""What a desk has added to an imported site stays when the feed delivers the site anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_service.construction.kept_sites import SITES, read_site
from geo_service.construction.save_site import save_site
from geo_service.construction.site import ConstructionSite
from geo_service.interval import Interval
from geo_service.occupations.recurrence import Recurrence
from geo_service.occupations.use_request import TrafficOrder
from tests.construction.conftest import NOW, Imports, site


def stored(imports: Imports) -> ConstructionSite:
    (row,) = imports.session.execute(text(SITES.facts)).all()
    return read_site(row)


def test_a_changed_delivery_leaves_what_the_desk_has_added(imports: Imports) -> None:
    imports.features(site("a"))
    before = stored(imports)
    order = TrafficOrder(period=before.period, number="VRA 1")
    night = Recurrence(from_time=time(22), until_time=time(5))
    added: dict[str, Any] = {
        "contractor": "Tiefbau GmbH", "consents": frozenset({"fire_brigade"}), "traffic_order": order,
        "recurrence": night, "public_transport_affected": True, "actual_period": Interval(before.period.start),
        "case_group": UUID("3d7b1c1e-7e0a-4b51-9d4f-0a4c3a2b1c0d"),
    }  # fmt: skip
    save_site(imports.session, replace(before, **added), as_of=NOW)
    imports.features(site("a", titel="Neuer Titel"))
    after = stored(imports)
    assert after.title == "Neuer Titel"
    assert {name: getattr(after, name) for name in added} == added
    spans = imports.value("SELECT count(*) FROM occupation, unnest(recurrence)")
    assert spans > 1


def test_a_pattern_that_no_longer_fits_is_dropped_and_the_site_is_read(imports: Imports) -> None:
    imports.features(site("a"))  # 3 to 14 August
    august = Recurrence(season=((8, 1), (8, 31)))
    save_site(imports.session, replace(stored(imports), recurrence=august), as_of=NOW)
    report = imports.features(site("a", von="2026-09-01", bis="2026-09-05"))
    assert (report.changed, report.refused) == (1, ())
    assert stored(imports).recurrence is None


def test_a_site_that_no_desk_has_touched_is_as_delivered(imports: Imports) -> None:
    imports.features(site("a"))
    imports.features(site("a", titel="Neu"))
    after = stored(imports)
    assert (after.contractor, after.recurrence, after.consents) == (None, None, frozenset())
