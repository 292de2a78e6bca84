"""Every route of the service: for whom it is, and what has to be sent so that it is the caller who is refused.

A new route needs a line here, and a new word in braces a line in `parameters`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from geo_service.mapview.assets import STATIC
from tests.documents.papers import picture
from tests.objects.conftest import PATHS, feature
from tests.permits.conftest import Desk
from tests.tenancy.scene import TownScene, days_ahead, street_of

# public: answers everybody, with nothing that is private in it (`why`)
# desk: the clerks of the town     admin: the administration of the town     case: its clerks and its applicant
# own: every desk, each about its own things
# applicant: the applicant only, by token     asked: its clerks and whoever has the link of the consultation
# nobody: says to everybody that there is no such method
Whose = Literal["public", "own", "desk", "admin", "case", "applicant", "asked", "nobody"]


@dataclass(frozen=True)
class Entry:
    """One route. sends: `json`, `data`, `files` or `params`, as httpx takes them. shuts: what strangers are answered."""

    whose: Whose
    why: str = ""
    sends: dict[str, Any] = field(default_factory=dict)
    shuts: tuple[int, ...] = (401, 403, 404)


def entries(desk: Desk, scene: TownScene) -> dict[tuple[str, str], Entry]:
    """(method, path) → entry; HEAD and OPTIONS go with GET."""
    town = scene.town
    body = desk.body(1, 1, town=town)
    check = {
        **body,
        "properties": {n: v for n, v in body["properties"].items() if n not in ("purpose", "applicant")},
    }
    api, one = "/api/v1/permits", "/api/v1/permits/{reference}"
    pages, case = "/towns/{slug}/desk", "/towns/{slug}/desk/cases/{reference}"
    extension = {"kind": "extension", "properties": {"until": days_ahead(100)}}
    form = {"version": 1}
    listed = {
        ("GET", "/api/v1/openapi.json"): Entry("public", "a description"),
        ("GET", "/static"): Entry("public", "files that are packed"),
        ("GET", "/"): Entry("public", "start page"),
        ("GET", "/favicon.ico"): Entry("public", "a picture"),
        ("GET", "/rules"): Entry("public", "rules are public"),
        ("GET", "/api/v1/rules"): Entry("public", "rules are public"),
        ("GET", "/towns/{slug}"): Entry("public", "leads to the map"),
        ("GET", "/towns/{slug}/"): Entry("public", "the public map"),
        ("GET", "/towns/{slug}/apply"): Entry("public", "anybody may apply"),
        ("GET", "/map/streets/{z:int}/{x:int}/{y:int}.json"): Entry("public", "streets are public"),
        ("GET", "/health/live"): Entry("public", "for machines that watch"),
        ("GET", "/health/ready"): Entry("public", "for machines that watch"),
        ("GET", "/metrics"): Entry("public", "routes as patterns and numbers"),
        ("POST", "/sign-in"): Entry("public", "begins a sign-in", {"data": {"key": "no key"}}),
        ("POST", "/sign-in/provider"): Entry("public", "begins a sign-in", {"data": {"town": town}}),
        ("GET", "/sign-in/callback"): Entry("public", "ends a sign-in"),
        ("POST", "/sign-out"): Entry("public", "ends the own sign-in"),
        ("POST", "/api/v1/conflict-checks"): Entry("public", "others are cut to the caller", {"json": check}),
        ("POST", api): Entry("public", "anybody may file", {"json": body}),
        ("GET", api): Entry("desk", sends={"params": {"town": town}}),
        ("GET", one): Entry("case"),
        ("PUT", one): Entry("case", sends={"json": body}),
        ("POST", f"{one}/transitions"): Entry("case", sends={"json": {"to": "withdrawn"}}),
        ("POST", f"{one}/children"): Entry("case", sends={"json": extension}),
        ("GET", f"{one}/my-data"): Entry("applicant"),
        ("GET", f"{one}/notes"): Entry("desk"),
        ("POST", f"{one}/notes"): Entry("desk", sends={"json": {"text": "x"}}),
        ("GET", f"{one}/consultations"): Entry("desk"),
        ("POST", f"{one}/consultations"): Entry("desk", sends={"json": {"office": "x", "question": "y"}}),
        ("GET", "/api/v1/consultations/{consultation_id}"): Entry("asked"),
        ("POST", "/api/v1/consultations/{consultation_id}/answer"): Entry(
            "asked", sends={"json": {"verdict": "no_objection", "name": "x"}}
        ),
        ("GET", "/api/v1/conflicts"): Entry("desk", sends={"params": {"town": town}}),
        ("GET", "/api/v1/findings/{finding_id}"): Entry("desk"),
        ("PATCH", "/api/v1/findings/{finding_id}"): Entry("desk", sends={"json": {"status": "accepted"}}),
        ("GET", "/permits/{reference}"): Entry("applicant"),
        ("GET", "/permits/{reference}/my-data"): Entry("applicant"),
        ("POST", "/permits/{reference}/steps"): Entry("applicant", sends={"data": {"to": "withdrawn"}}),
        ("POST", "/permits/{reference}/extend"): Entry(
            "applicant", sends={"data": {"until": days_ahead(100)}}
        ),
        ("GET", "/consultations/{consultation_id}"): Entry("asked"),
        ("POST", "/consultations/{consultation_id}"): Entry(
            "asked", sends={"data": {"verdict": "no_objection", "name": "x"}}
        ),
        ("GET", pages): Entry("desk", "strangers are shown the sign-in", shuts=(200,)),
        ("GET", f"{pages}/imports"): Entry("desk"),
        ("GET", f"{pages}/conflicts"): Entry("desk"),
        ("POST", f"{pages}/conflicts"): Entry("desk"),
        ("GET", f"{pages}/conflicts.geojson"): Entry("desk"),
        ("GET", f"{pages}/conflicts.csv"): Entry("desk"),
        ("GET", f"{pages}/timeline"): Entry("desk"),
        ("GET", f"{pages}/map"): Entry("desk"),
        ("GET", f"{pages}/map/{{layer}}"): Entry("desk", sends={"params": {"bbox": "8.3,49.4,8.9,49.8"}}),
        ("GET", f"{pages}/consultations"): Entry("desk"),
        ("GET", f"{pages}/people"): Entry("admin"),
        ("POST", f"{pages}/people/{{person_id}}"): Entry("admin", sends={"data": {"blocked": "true"}}),
        ("POST", f"{pages}/keys"): Entry("admin", sends={"data": {"role": "reader", "name": "x"}}),
        ("POST", f"{pages}/keys/{{key_id}}/rotate"): Entry("admin"),
        ("POST", f"{pages}/keys/{{key_id}}/revoke"): Entry("admin"),
        ("GET", case): Entry("desk"),
        ("POST", case): Entry("desk", sends={"data": {"to": "rejected", "reason": "x", **form}}),
        ("POST", f"{case}/facts"): Entry("desk", sends={"data": form}),
        ("POST", f"{case}/extension"): Entry("desk", sends={"data": {"until": days_ahead(100)}}),
        ("POST", f"{case}/detour"): Entry("desk", sends={"data": form}),
        ("POST", f"{case}/notes"): Entry("desk", sends={"data": {"words": "x"}}),
        ("POST", f"{case}/consultations"): Entry("desk", sends={"data": {"question": "x", "office": "y"}}),
        ("POST", f"{case}/findings/{{finding_id}}"): Entry(
            "desk", sends={"data": {"status": "accepted", **form}}
        ),
    }
    listed |= _papers() | _money_and_mail(scene) | _desk_pages(scene) | _ogc_writes(desk, town)
    for path in ("", "/", "/conformance", "/api", "/collections"):
        listed["GET", f"/ogc{path}"] = Entry("public", "published data")
    for path in ("", "/items", "/items/{feature_id:path}", "/export", "/queryables", "/sortables", "/schema"):
        listed["GET", f"/ogc/collections/{{collection}}{path}"] = Entry("public", "published data")
    tile = "/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}"
    for path in ("/ogc", "/ogc/collections/{collection}"):
        for below in ("/tiles", "/tiles/{tileMatrixSet}", tile):
            listed["GET", path + below] = Entry("public", "published data")
    for path in ("", "/{tileMatrixSet}"):
        listed["GET", f"/ogc/tileMatrixSets{path}"] = Entry("public", "a definition")
    for kind in PATHS:
        new = {"json": feature(desk, kind, 3000, town=town)}
        listed |= {
            ("GET", f"/api/v1/{kind}"): Entry("own"), ("POST", f"/api/v1/{kind}"): Entry("own", sends=new),
            ("GET", f"/api/v1/{kind}/{{object_id}}"): Entry("desk"),
            ("PUT", f"/api/v1/{kind}/{{object_id}}"): Entry("desk", sends=new),
            ("DELETE", f"/api/v1/{kind}/{{object_id}}"): Entry("desk"),
            ("GET", f"{pages}/{kind}"): Entry("desk"), ("GET", f"{pages}/{kind}/new"): Entry("desk"),
            ("GET", f"{pages}/{kind}/{{object_id}}"): Entry("desk"),
            ("GET", f"/api/v1/{kind}/{{object_id}}/messages"): Entry("desk"),
            ("POST", f"/api/v1/{kind}/{{object_id}}/messages/{{message_id}}/resend"): Entry("desk"),
            ("POST", f"{pages}/{kind}/{{object_id}}/messages"): Entry(
                "desk", sends={"data": {"message_id": scene.object_messages[kind]}}
            ),
        }  # fmt: skip
    return listed


def _papers() -> dict[tuple[str, str], Entry]:
    """What is added to a case and what the town writes about it."""
    file = {"files": {"file": ("a.png", picture(), "image/png")}, "data": {"kind": "other"}}
    case = "/towns/{slug}/desk/cases/{reference}/documents"
    listed = {
        ("POST", case): Entry("desk", sends=file),
        ("POST", f"{case}/{{document_id}}/removal"): Entry("desk"),
        ("DELETE", "/api/v1/permits/{reference}/documents/{document_id}"): Entry("case"),
        ("POST", "/permits/{reference}/documents/{document_id}/removal"): Entry("case"),
        ("GET", "/towns/{slug}/forms"): Entry("public", "blank forms"),
        ("GET", "/towns/{slug}/forms/{use_type}.pdf"): Entry("public", "blank forms"),
    }
    for below in ("/api/v1/permits/{reference}", "/permits/{reference}"):
        listed["POST", f"{below}/documents"] = Entry("case", sends=file)
        for sheet in ("documents/{document_id}", "notices/{notice_id}", "receipt.pdf", "site-plan.pdf"):
            listed["GET", f"{below}/{sheet}"] = Entry("case")
    listed["GET", "/api/v1/permits/{reference}/documents"] = Entry("case")
    return listed


def _money_and_mail(scene: TownScene) -> dict[tuple[str, str], Entry]:
    """Fees and e-mails; a fee notice is that of the granted case."""
    api, pages = "/api/v1/permits/{reference}", "/towns/{slug}/desk"
    fee = {"amount_eur": "41.00", "reason": "x"}
    days = {"params": {"from": days_ahead(-1), "until": days_ahead(1)}}
    form = {"amount_eur": "41", "fee_reason": "x", "version": 1}
    return {
        ("PUT", f"{api}/fee"): Entry("desk", sends={"json": fee}),
        ("GET", f"{api}/fee-notice"): Entry("case"),
        ("POST", f"{api}/fee-notice/entries"): Entry("desk", sends={"json": {"kind": "paid"}}),
        ("GET", "/api/v1/fee-notices"): Entry("own"),
        ("GET", "/api/v1/fee-notices/treasury-file"): Entry("own", sends=days),
        ("GET", f"{pages}/fees"): Entry("desk"),
        ("GET", f"{pages}/fees/treasury.csv"): Entry("desk", sends=days),
        ("POST", f"{pages}/cases/{{reference}}/fee"): Entry("desk", sends={"data": form}),
        ("POST", f"{pages}/cases/{{reference}}/fee-notice"): Entry("desk", sends={"data": {"kind": "paid"}}),
        ("GET", f"{api}/messages"): Entry("desk"),
        ("POST", f"{api}/messages/{{message_id}}/resend"): Entry("desk"),
        ("GET", f"{pages}/messages"): Entry("desk"),
        ("POST", f"{pages}/cases/{{reference}}/messages"): Entry(
            "desk", sends={"data": {"message_id": scene.message}}
        ),
    }


def _desk_pages(scene: TownScene) -> dict[tuple[str, str], Entry]:
    """The counter and the page of a street."""
    pages = "/towns/{slug}/desk"
    place = {
        "segment": street_of(scene.town), "side": "left", "strip": "kerb", "length_m": 10, "depth_m": 1,
    }  # fmt: skip
    line = f"permits|{scene.case['reference']}|in_consultation"
    together = {"deed": "permits:withdrawn", "line": [line], "reason": "x"}
    return {
        ("GET", f"{pages}/counter"): Entry("desk"),
        ("GET", f"{pages}/counter/stretches"): Entry("desk", sends={"params": {"street": "Hauptstraße"}}),
        ("GET", f"{pages}/counter/place"): Entry("desk", sends={"params": place}),
        ("GET", f"{pages}/street"): Entry("desk", sends={"params": {"street": "Hauptstraße"}}),
        ("POST", f"{pages}/street"): Entry("desk", sends={"data": together}),
    }


def _ogc_writes(desk: Desk, town: str) -> dict[tuple[str, str], Entry]:
    """Construction sites can be written to, nothing else can."""
    site = {"json": feature(desk, "construction-sites", 3000, town=town)}
    items = "/ogc/collections/construction_sites/items"
    shuts = (400, 401, 403, 404)  # 400: a token in the address is a parameter that is not known here
    listed = {
        ("GET", "/api/v1/changes"): Entry("public", "published data"),
        ("POST", items): Entry("own", sends=site, shuts=shuts),
        ("PUT", f"{items}/{{feature_id}}"): Entry("desk", sends=site, shuts=shuts),
        ("PATCH", f"{items}/{{feature_id}}"): Entry(
            "desk", sends={"json": {"properties": {"title": "x"}}}, shuts=shuts
        ),
        ("DELETE", f"{items}/{{feature_id}}"): Entry("desk", shuts=shuts),
    }
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("items", "items/{feature_id:path}"):
            listed[method, f"/ogc/collections/{{collection}}/{path}"] = Entry("nobody", shuts=(405,))
    return listed


def parameters(path: str, scene: TownScene) -> dict[str, str]:
    """What stands for each word in braces; KeyError for a new one."""
    kind = next((kind for kind in PATHS if f"/{kind}/" in path), PATHS[0])
    sites = "construction_sites" in path
    known = {
        "slug": {"06431002": "bensheim", "06431020": "viernheim"}[scene.town],
        "reference": (scene.granted if "/fee-notice" in path else scene.case)["reference"],
        "document_id": scene.desk_paper if "/desk/" in path else scene.paper, "notice_id": scene.notice,
        "message_id": scene.object_messages[kind] if f"/{kind}/" in path else scene.message, "use_type": "geruest", "consultation_id": scene.consultation, "finding_id": scene.finding,
        "object_id": scene.objects[kind], "person_id": scene.person, "key_id": scene.key,
        "layer": "requests", "collection": "permits", "feature_id": scene.objects["construction-sites"] if sites else scene.granted["permit_id"],
        "tileMatrixSet": "WebMercatorQuad", "tileMatrix": "14", "tileRow": "5570", "tileCol": "8585",
        "z": "14", "x": "8585", "y": "5570",
    }  # fmt: skip
    return {word: known[word] for word in re.findall(r"{([A-Za-z_]+)(?::[a-z]+)?}", path)}


def filled(path: str, scene: TownScene, **instead: str) -> str:
    """The address of this town's own thing; instead: other values for some of the words."""
    if path == "/static":
        return f"/static/{next(file for file in STATIC.glob('css/*.css')).relative_to(STATIC)}"
    values = parameters(path, scene) | instead
    return re.sub(r"{([A-Za-z_]+)(?::[a-z]+)?}", lambda word: values[word[1]], path)
