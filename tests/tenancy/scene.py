"""Two towns at work: whatever a desk, an applicant or the service itself can store is there for both of them.

A new private table belongs in here: store a row of it for each town, with a secret in it if it holds text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from shapely import LineString
from sqlalchemy import text

from geo_service.db.database import operator_session, owner_session, speaking_as_system
from geo_service.jobs.work import open_work
from geo_service.messages.outbox import Letter, OnMap, post
from geo_service.permits.retention import forget_people
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from geo_service.towns.town import get_town
from tests.documents.papers import picture
from tests.objects.conftest import PATHS, feature
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

SLUGS = {BENSHEIM: "bensheim", VIERNHEIM: "viernheim"}


@dataclass
class TownScene:
    """What one town has, and the words that nobody else may read."""

    town: str
    case: dict[str, Any] = field(default_factory=dict)
    granted: dict[str, Any] = field(default_factory=dict)
    other_case: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    consultation: str = ""
    finding: str = ""
    office_token: str = ""
    paper: str = ""
    desk_paper: str = ""
    notice: str = ""
    message: str = ""
    object_messages: dict[str, str] = field(default_factory=dict)
    person: str = ""
    key: str = ""

    def says(self, what: str) -> str:
        """A word that stands in this town's private rows and nowhere else."""
        return f"geheim-{what}-{self.town}"

    @property
    def phone_24h(self) -> str:
        """Whom to call about a construction site at night."""
        return f"{self.town} 700700"

    @property
    def secrets(self) -> list[str]:
        """Everything that nobody else may read."""
        words = (
            "name", "purpose", "note", "question", "reason", "address", "phone", "person", "paper", "fee", "booking", "told",
        )  # fmt: skip
        ids = (self.case["permit_id"], self.case["reference"], self.case["token"], self.consultation)
        return [
            *(self.says(word) for word in words),
            f"{self.says('mail')}@example.org",
            self.phone_24h,
            *ids,
            self.office_token,
        ]


def build(desk: Desk) -> dict[str, TownScene]:
    """The scene of both towns, AGS → what is there."""
    _lay_streets(desk)
    towns = {town: _town(desk, town) for town in SLUGS}
    forget_people(desk.app.state.engine, now=lambda: datetime.now(UTC))  # records its run in every town
    return towns


def street_of(town: str) -> str:
    """The id of the one stretch that each town has."""
    return f"test:{town}"


def _lay_streets(desk: Desk) -> None:
    """Away from the cases, so that no finding comes of them."""
    laid = []
    for town in SLUGS:
        x, y = desk.centres[town]
        ends = [(x, y + 500), (x + 100, y + 500)]
        laid.append(Segment(
            segment_id=street_of(town), axis=LineString(ends), start_node=f"{ends[0]}", end_node=f"{ends[1]}",
            street_name="Hauptstraße", road_class="gemeindestrasse", source_id=town, modes=frozenset({"car", "foot"}),
            carriageway_width_m=6.0, footway_width_left_m=2.0, footway_width_right_m=2.0, width_source="measured",
        ))  # fmt: skip
    with operator_session(desk.app.state.engine) as session:
        save_segments(session, laid, "test")


def _town(desk: Desk, town: str) -> TownScene:
    scene = TownScene(town)
    key = desk.key(town=town)
    applicant = {
        "name": scene.says("name"),
        "email": f"{scene.says('mail')}@example.org",
        "phone": scene.says("phone"),
    }
    facts: dict[str, Any] = {
        "applicant": applicant,
        "purpose": scene.says("purpose"),
        "address_text": scene.says("address"),
    }

    def send(path: str, body: dict[str, Any]) -> Response:
        answer = desk.client.post(f"/api/v1/{path}", json=body, headers=key)
        assert answer.status_code in (200, 201), answer.text
        return answer

    scene.granted = desk.file(town=town, **facts)
    granted = f"permits/{scene.granted['reference']}"
    fee = {"amount_eur": "40.00", "reason": scene.says("fee")}
    answer = desk.client.put(f"/api/v1/{granted}/fee", json=fee, headers={**key, "If-Match": "*"})
    assert answer.status_code == 200, answer.text
    assert desk.grant(scene.granted, town).status_code == 200
    send(
        f"{granted}/fee-notice/entries",
        {"kind": "credit", "amount_eur": "1.00", "reason": scene.says("booking")},
    )
    scene.other_case = desk.file(300, town=town)
    scene.case = desk.file(1, 1, town=town, **facts)  # findings with the granted one
    case = f"permits/{scene.case['reference']}"
    scene.paper = _add_paper(desk, scene, {"X-Permit-Token": scene.case["token"]})
    scene.desk_paper = _add_paper(desk, scene, key)
    send(f"{case}/transitions", {"to": "in_review"})
    send(f"{case}/transitions", {"to": "more_information_needed", "reason": scene.says("reason")})
    send(f"{case}/transitions", {"to": "in_review"})
    send(f"{case}/notes", {"text": scene.says("note")})
    asked = send(f"{case}/consultations", {"question": scene.says("question"), "office": "Polizei"})
    scene.consultation = asked.json()["id"]
    scene.office_token = asked.json()["address"].partition("token=")[2]
    papers = desk.client.get(f"/api/v1/{case}/documents", headers=key).json()
    scene.notice = papers["notices"][0]["id"]
    scene.message = desk.client.get(f"/api/v1/{case}/messages", headers=key).json()["messages"][0]["id"]
    for place, path in enumerate(PATHS):
        more = {"phone_24h": scene.phone_24h} if path == "construction-sites" else {}
        body = feature(desk, path, 1000 + 100 * place, town=town, **more)
        scene.objects[path] = send(path, body).json()["id"]
    _behind_the_desk(desk, scene)
    return scene


def _add_paper(desk: Desk, scene: TownScene, headers: dict[str, str]) -> str:
    sent = {"file": (f"{scene.says('paper')}.png", picture(), "image/png")}
    path = f"/api/v1/permits/{scene.case['reference']}/documents"
    answer = desk.client.post(path, files=sent, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _behind_the_desk(desk: Desk, scene: TownScene) -> None:
    """What no interface stores by itself: a person who has signed in, work in the background."""
    with owner_session(desk.database) as owner:
        person = "INSERT INTO desk_person (town, issuer, subject, name, role) VALUES (:town, 'i', 's', :name, 'clerk') RETURNING person_id"
        named = {"town": scene.town, "name": scene.says("person")}
        scene.person = str(owner.execute(text(person), named).scalar_one())
        key = "SELECT key_id FROM api_key WHERE town = :town AND role = 'clerk'"
        scene.key = str(owner.execute(text(key), {"town": scene.town}).scalar_one())
        owner.execute(text("SELECT set_config('app.town', :town, true)"), {"town": scene.town})
        found = "SELECT finding_id FROM finding WHERE mine_source = CAST(:id AS uuid) AND severity = 'block' LIMIT 1"
        scene.finding = str(owner.execute(text(found), {"id": scene.case["permit_id"]}).scalar_one())
    _tell_neighbours(desk, scene)
    with operator_session(desk.app.state.engine) as session:
        open_work(session, "recompute_findings", reason="parameters", town=scene.town)


def _tell_neighbours(desk: Desk, scene: TownScene) -> None:
    """What would be said to a neighbour's office of everything on the map, had it stood at the border."""
    with operator_session(desk.app.state.engine) as session, speaking_as_system(session, scene.town):
        town = get_town(session, scene.town)
        for path, object_id in scene.objects.items():
            about = OnMap(collection=path.replace("-", "_"), object_id=UUID(object_id))
            letter = Letter(
                kind="border_finding", on_map=about, recipient="amt@example.org", told_town=scene.town,
                places={"words": scene.says("told")},
            )  # fmt: skip
            scene.object_messages[path] = str(post(session, town, letter, as_of=datetime.now(UTC)))


def days_ahead(days: int) -> str:
    """A civil day from today."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def missing(what: str, names: list[str], advice: str) -> None:
    """Fail with words that say what to add."""
    if names:
        pytest.fail(f"{what}:\n  " + "\n  ".join(names) + f"\n{advice}", pytrace=False)
