"""Every way to become binding, or larger while binding, is refused over a block: one's own and a neighbour's.

The neighbour's is the harder one: a rule by which a kiosk must not be built up, while whoever builds there has no
finding of its own.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts import catalogue, verify
from geo_service.conflicts.catalogue import RULES_FOLDER, read_rulebook
from geo_service.conflicts.refuse_blocked import BlockedByFindings
from geo_service.construction.save_site import save_site
from geo_service.construction.site import ConstructionSite
from geo_service.construction.store_sites import place_sites, quiet, store_sites
from geo_service.db.database import owner_session, speak_as
from geo_service.deliveries import import_events
from geo_service.deliveries.import_permits import read_permits, store_permits
from geo_service.deliveries.profiles import EventProfile, find_delivery_profile, read_delivery_profile
from geo_service.deliveries.records import Delivered, Ledger
from geo_service.events.save_event import Event, save_event
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.parameters import parameters
from tests.deliveries.test_import_permits import NYC, cafe, shipped, to_feet
from tests.permits.conftest import BENSHEIM, Desk, opened_desks

KIOSK = """-- rule: kiosk_built_up
-- number: K99
-- kind: pair
-- title: {de: "Kiosk zugebaut", en: "Kiosk built up"}
-- legal_source: nur für diesen Test
-- shapes: area-area
-- reach_m: 10
-- reach_days: 0
-- measured: distance_m
-- unit: m
-- limit: 10
-- worse: smaller
-- geometry: shortest_link
-- explain: {de: "„{other.label}“ steht {measured} vor dem Kiosk.", en: "“{other.label}” stands {measured} before the kiosk."}
-- advice: {de: "Abrücken.", en: "Move away."}
-- wrong_when: {de: "Nie.", en: "Never."}
-- applies: coalesce(mine.use_type, '-') = 'verkaufsstand' AND same_time AND distance_m <= 10
-- block: other.binding
-- info: true
"""


@pytest.fixture
def desk(town_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The application with one rule more."""
    folder = tmp_path / "rules"
    shutil.copytree(RULES_FOLDER, folder)
    (folder / "kiosk_built_up.sql").write_text(KIOSK, encoding="utf-8")
    book = read_rulebook(folder, parameters())
    for module in (catalogue, verify):
        monkeypatch.setattr(module, "rulebook", lambda: book)
    for make in opened_desks(town_database):
        yield make()


@pytest.fixture
def kiosk(desk: Desk) -> dict[str, Any]:
    """A kiosk that is granted; 4 × 3 m at the middle."""
    receipt = desk.file(use_type="verkaufsstand")
    assert desk.grant(receipt).status_code == 200
    return receipt


@pytest.fixture
def session(desk: Desk, kiosk: dict[str, Any]) -> Iterator[Session]:
    with Session(desk.app.state.engine) as opened:
        speak_as(opened, actor="operator")
        yield opened
        opened.rollback()


def now() -> datetime:
    return datetime.now(UTC)


def days() -> Interval:
    start = datetime.now(TOWN_ZONE).date() + timedelta(days=60)
    return Interval.of_days(start, start + timedelta(days=13))


def area(desk: Desk, x: float, w: float = 4) -> BaseGeometry:
    cx, cy = desk.centres[BENSHEIM]
    return box(cx + x, cy, cx + x + w, cy + 3)


def site(desk: Desk, x: float, **more: Any) -> ConstructionSite:
    plain = ConstructionSite(
        site_id=uuid4(), title="Kanal", area=area(desk, x), period=days(), state="confirmed", source="test", source_id=str(x),
    )  # fmt: skip
    return replace(plain, **more)


def event(desk: Desk, x: float, **more: Any) -> Event:
    plain = Event(
        event_id=uuid4(), title="Fest", area=area(desk, x), period=days(), state="granted", source="test", source_id=str(x),
    )  # fmt: skip
    return replace(plain, **more)


def kiosk_blocks(desk: Desk) -> int:
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.actor', 'operator', true)"))
        return int(
            owner.execute(
                text("SELECT count(*) FROM finding WHERE number = 'K99' AND severity = 'block'")
            ).scalar_one()
        )


def test_a_grant_that_blocks_a_neighbour_is_refused_until_it_is_overridden(
    desk: Desk, kiosk: dict[str, Any]
) -> None:
    scaffold = desk.file(6, 0)
    assert [(f["number"], f["severity"]) for f in scaffold["findings"]] == [("K02", "info")]
    refused = desk.grant(scaffold)
    assert refused.status_code == 409
    (block,) = refused.json()["findings"]
    assert (block["number"], block["severity"], block["other"]["reference"]) == (
        "K99",
        "block",
        kiosk["reference"],
    )
    assert kiosk_blocks(desk) == 0  # a refused step leaves nothing behind
    reasons = [{"finding": block["id"], "reason": "Der Kiosk hat zugestimmt."}]
    assert desk.move(scaffold["reference"], "granted", overrides=reasons).status_code == 403
    supervisor = desk.key("supervisor")
    assert desk.move(scaffold["reference"], "granted", supervisor, overrides=reasons).status_code == 200
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.actor', 'operator', true)"))
        kept = "SELECT status, note, settled_by, blocking_since FROM finding WHERE number = 'K99'"
        assert owner.execute(text(kept)).one() == (
            "overridden",
            "Der Kiosk hat zugestimmt.",
            f"supervisor {BENSHEIM}",
            None,
        )


def test_farther_away_nothing_stands_against_it(desk: Desk, kiosk: dict[str, Any]) -> None:
    assert desk.grant(desk.file(15, 0)).status_code == 200
    assert desk.grant(desk.file(30, 0)).status_code == 200


def test_both_of_a_pair_of_rules_must_be_overridden(desk: Desk, session: Session) -> None:
    """A scaffold in a granted event: K18 forbids it to the scaffold, K01 to the event."""
    save_event(session, event(desk, 100), as_of=now())
    session.commit()
    scaffold, supervisor = desk.file(100, 0), desk.key("supervisor")
    found = {f["number"]: f["id"] for f in desk.grant(scaffold).json()["findings"]}
    assert set(found) == {"K18", "K01"}

    def grant(*numbers: str) -> int:
        reasons = [{"finding": found[number], "reason": "Teil des Festes."} for number in numbers]
        return desk.move(scaffold["reference"], "granted", supervisor, overrides=reasons).status_code

    assert [grant("K18"), grant("K01"), grant("K18", "K01")] == [409, 409, 200]


def test_a_site_is_not_confirmed_before_the_kiosk(desk: Desk, session: Session) -> None:
    planned = site(desk, 6, state="planned")
    save_site(session, planned, as_of=now())
    with pytest.raises(BlockedByFindings) as refused, session.begin_nested():
        save_site(session, replace(planned, state="confirmed"), as_of=now())
    assert [f.number for f in refused.value.findings] == ["K99"]


def test_a_confirmed_site_does_not_grow_towards_the_kiosk(desk: Desk, session: Session) -> None:
    far = site(desk, 20)
    save_site(session, far, as_of=now())
    with pytest.raises(BlockedByFindings), session.begin_nested():
        save_site(session, replace(far, area=area(desk, 10, w=14)), as_of=now())
    save_site(session, replace(far, area=area(desk, 18, w=6)), as_of=now())  # still 14 m away


def test_a_confirmed_site_does_not_last_into_the_kiosks_time(desk: Desk, session: Session) -> None:
    before = days().first_day() - timedelta(days=20)
    early = site(desk, 6, period=Interval.of_days(before, before + timedelta(days=5)))
    save_site(session, early, as_of=now())
    with pytest.raises(BlockedByFindings), session.begin_nested():
        save_site(session, replace(early, period=Interval.of_days(before, days().first_day())), as_of=now())


def test_an_event_is_not_granted_before_the_kiosk(desk: Desk, session: Session) -> None:
    planned = event(desk, 6, state="planned")
    save_event(session, planned, as_of=now())
    with pytest.raises(BlockedByFindings), session.begin_nested():
        save_event(session, replace(planned, state="granted"), as_of=now())


def test_imported_sites_before_the_kiosk_stay_planned(desk: Desk, session: Session) -> None:
    near, far, over_far = site(desk, 6), site(desk, 40), site(desk, 41)
    placed = place_sites(session, [near, far, over_far], as_of=now(), progress=quiet)
    stored = store_sites(session, placed, as_of=now())
    assert {key: reason[:3] for key, reason in stored.held.items()} == {
        near.site_id: "K99",
        over_far.site_id: "K01",
    }
    states = text("SELECT state, binding FROM occupation WHERE source_id = :id")
    assert session.execute(states, {"id": near.site_id}).one() == ("planned", False)
    assert session.execute(states, {"id": far.site_id}).one() == ("confirmed", True)


def test_imported_events_before_the_kiosk_stay_planned(desk: Desk, session: Session) -> None:
    near, far = event(desk, 6), event(desk, 60)
    due: dict[str, Any] = {"near": near, "far": far}
    profile = read_delivery_profile(find_delivery_profile("events", "ndw"), EventProfile)
    ledger = Ledger(profile, known={}, now={name: Delivered(1, "") for name in due})
    held = import_events._store(session, ledger, due, as_of=now())
    assert {name: reason[:3] for name, reason in held.items()} == {"near": "K99"}
    assert (ledger.now["near"].held, ledger.now["far"].held) == (True, False)
    rows = session.execute(text("SELECT source_id, state FROM event")).all()
    assert {row.source_id: row.state for row in rows} == {str(6): "planned", str(60): "granted"}


def test_imported_permits_before_the_kiosk_wait_in_review(
    desk: Desk, session: Session, tmp_path: Path
) -> None:
    cx, cy = desk.centres[BENSHEIM]
    granted = {"APP_STATUS": "Application Review Completed", "EXPIRATION_DATE": f"15 Dec {now().year + 1}"}
    path = tmp_path / "cafes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, NYC)
        writer.writeheader()
        for number, x in ((1, 10), (2, 80)):
            fx, fy = to_feet(cx + x, cy)
            writer.writerow(cafe(number, **granted, FINAL_X=fx, FINAL_Y=fy))
    report = store_permits(session, read_permits(path, shipped("nyc-sidewalk-cafe")), as_of=now())
    assert report.written == {"in_review": 1, "granted": 1}
    assert [(each.source_id, "K99" in each.reason) for each in report.held] == [("1-2026-ASWC", True)]
