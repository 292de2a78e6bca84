"""`/api/v1/openapi.json` is valid OpenAPI 3.1, and what is really answered is what it declares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from geo_service.interval import TOWN_ZONE
from geo_service.jobs.queue import MAIL
from geo_service.web.api_description import describe
from geo_service.worker.run import work_until_empty
from tests.documents.papers import picture
from tests.objects.conftest import PATHS
from tests.permits.conftest import BENSHEIM, Desk

ADDRESS = "/api/v1/openapi.json"
CHECKS, PERMITS, RULES = "/api/v1/conflict-checks", "/api/v1/permits", "/api/v1/rules"
CHANGES = "/api/v1/changes"
SETTLING = ("/api/v1/conflicts", "/api/v1/findings/{finding_id}")
ONE, STEPS = f"{PERMITS}/{{reference}}", f"{PERMITS}/{{reference}}/transitions"
MY_DATA = f"{ONE}/my-data"
CHILDREN, NOTES, ASKING = f"{ONE}/children", f"{ONE}/notes", f"{ONE}/consultations"
ASKED, ANSWER = "/api/v1/consultations/{consultation_id}", "/api/v1/consultations/{consultation_id}/answer"

PAPERS, PAPER, DECIDED = (
    f"{ONE}/documents",
    f"{ONE}/documents/{{document_id}}",
    f"{ONE}/notices/{{notice_id}}",
)
SHEETS = (PAPERS, PAPER, DECIDED, f"{ONE}/receipt.pdf", f"{ONE}/site-plan.pdf")
ASKINGS = (NOTES, ASKING, ASKED, ANSWER)
FEE, NOTICE, ENTRIES = f"{ONE}/fee", f"{ONE}/fee-notice", f"{ONE}/fee-notice/entries"
NOTICES, TREASURY = "/api/v1/fee-notices", "/api/v1/fee-notices/treasury-file"
FEES = (FEE, NOTICE, ENTRIES, NOTICES, TREASURY)
MESSAGES, RESEND = f"{ONE}/messages", f"{ONE}/messages/{{message_id}}/resend"

EVERYTHING: dict[str, Any] = {
    "restriction": "full_closure", "takes": ["carriageway"], "excavation": True, "count": 2, "commercial": True,
    "height_from_m": 0, "height_to_m": 3, "area_declared_m2": 12, "frontage_m": 4, "address_text": "Markt 1",
    "remaining_carriageway_m": 3.5, "remaining_footway_m": 1.2, "pedestrian_guidance": "opposite_side",
    "cycle_guidance": "diverted", "urgent_reason": "Rohrbruch", "language": "en",
    "detour": {"type": "LineString", "coordinates": [[8.62, 49.68], [8.63, 49.69]]},
    "recurrence": {"weekdays": ["mon"], "from_time": "22:00", "until_time": "05:00"},
    "traffic_order": {"number": "1", "authority": "Bensheim", "from": "2026-01-01", "until": "2099-12-31"},
}  # fmt: skip


def use_only(body: dict[str, Any]) -> dict[str, Any]:
    """The same without what only a filing has."""
    left = {name: value for name, value in body["properties"].items() if name not in ("purpose", "applicant")}
    return {**body, "properties": left}


class Described:
    """The served document; holds answers against what it says of their operation."""

    def __init__(self, desk: Desk) -> None:
        self.document: dict[str, Any] = desk.client.get(ADDRESS).json()

    def faults(self, schema: dict[str, Any], value: Any) -> list[str]:
        as_sent = json.loads(json.dumps(value))
        rooted = {**schema, "components": self.document["components"]}
        found = Draft202012Validator(rooted, format_checker=FormatChecker()).iter_errors(as_sent)
        return [f"{fault.json_path}: {fault.message[:300]}" for fault in found]

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        _, kind, name = node["$ref"].removeprefix("#/").split("/")
        return dict(self.document["components"][kind][name])

    def holds(self, answer: Response, path: str, status: int) -> None:
        """Status, media type, required fields and types of `answer` are declared for its operation."""
        assert answer.status_code == status, answer.text
        operation = self.document["paths"][path][answer.request.method.lower()]
        declared = self.resolved(operation["responses"][str(status)])
        media = answer.headers["content-type"]
        assert list(declared["content"]) == [media]
        assert self.faults(declared["content"][media]["schema"], answer.json()) == []
        if status < 400:
            assert set(declared.get("headers", {})) - {"Idempotent-Replayed", "Link"} <= {
                name for name in ("ETag", "Location") if name in answer.headers
            }

    def tells_all(self, schema: dict[str, Any], value: Any, at: str = "$") -> list[str]:
        """The members of `value` that `schema` does not name."""
        schema = self.resolved(schema)
        if isinstance(value, list):
            return [
                name for each in value for name in self.tells_all(schema.get("items", {}), each, f"{at}[]")
            ]
        for choice in schema.get("oneOf", []):
            if "properties" not in schema and not self.faults(choice, value):
                return self.tells_all(choice, value, at)
        named = schema.get("properties")
        if not isinstance(value, dict) or named is None:
            return []
        strange = [f"{at}.{name}" for name in value if name not in named]
        return strange + [
            deeper
            for name in value
            if name in named
            for deeper in self.tells_all(named[name], value[name], f"{at}.{name}")
        ]


@pytest.fixture
def described(desk: Desk) -> Described:
    return Described(desk)


def test_the_document_is_valid_and_holds_only_the_api(described: Described) -> None:
    document = described.document
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")
    one = "/{object_id}"
    below = ("", one, f"{one}/messages", f"{one}/messages/{{message_id}}/resend")
    objects = {f"/api/v1/{path}{place}" for path in PATHS for place in below}
    assert (
        set(document["paths"])
        == {
            CHECKS,
            PERMITS,
            ONE,
            MY_DATA,
            STEPS,
            CHILDREN,
            *ASKINGS,
            *SHEETS,
            *FEES,
            MESSAGES,
            RESEND,
            RULES,
            *SETTLING,
            CHANGES,
        }
        | objects
    )
    assert "servers" not in document
    for item in document["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                media = set(described.resolved(answer).get("content", {}))
                assert media or status == "204", operation["operationId"]
                assert (media == {"application/problem+json"}) == (status >= "400"), operation["operationId"]
    too_many = described.resolved(document["paths"][CHECKS]["post"]["responses"]["429"])
    assert "Retry-After" in too_many["headers"]


def test_what_is_sent_is_described_as_it_is_read(desk: Desk, described: Described) -> None:
    schema = {"$ref": "#/components/schemas/PermitFeature"}
    changes: list[dict[str, Any]] = [
        {"use_type": "raumschiff"}, {"nonsense": 1}, {"count": 0}, {"status": "granted"},
        {"detour": {"type": "Point", "coordinates": [8.62, 49.68]}},
    ]  # fmt: skip
    for change in changes:
        body = desk.body(**change)
        assert described.faults(schema, body)
        assert desk.client.post(PERMITS, json=body).status_code == 422
    assert described.faults(schema, desk.body(**EVERYTHING)) == []


def test_the_public_address_is_the_server(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(public_url="https://strassen.example.org/amt/")
    assert Described(desk).document["servers"] == [{"url": "https://strassen.example.org/amt"}]


def test_an_operation_that_nobody_described_is_an_error() -> None:
    app = FastAPI()
    app.get("/api/v1/secret")(lambda: None)
    with pytest.raises(KeyError, match=re.escape("GET /api/v1/secret")):
        describe(app.openapi())


def test_the_examples_are_what_they_are_examples_of(described: Described) -> None:
    held = 0
    for item in described.document["paths"].values():
        for operation in item.values():
            for part in (operation.get("requestBody", {}), *operation["responses"].values()):
                for content in described.resolved(part).get("content", {}).values():
                    if "example" in content:
                        assert described.faults(content["schema"], content["example"]) == []
                        held += 1
    assert held == 6  # two media types for each body


def test_the_examples_can_be_sent(desk: Desk, described: Described) -> None:
    for path, status in ((CHECKS, 200), (PERMITS, 201)):
        sent = described.document["paths"][path]["post"]["requestBody"]["content"]["application/geo+json"]
        days = {name: desk.body()["properties"][name] for name in ("from", "until")}  # those shown go by
        example = {**sent["example"], "properties": {**sent["example"]["properties"], **days}}
        as_geojson = {"Content-Type": "application/geo+json"}
        answer = desk.client.post(path, content=json.dumps(example), headers=as_geojson)
        described.holds(answer, path, status)


def test_real_answers_are_as_declared(desk: Desk, described: Described) -> None:
    assert desk.grant(desk.file()).status_code == 200
    use = use_only(desk.body(1, 1))
    check = desk.client.post(CHECKS, json=use)
    assert check.json()["verdict"] == "blocked"
    described.holds(check, CHECKS, 200)
    assert described.tells_all({"$ref": "#/components/schemas/Check"}, check.json()) == []
    together = {"type": "FeatureCollection", "features": [use, use]}
    described.holds(desk.client.post(CHECKS, json=together), CHECKS, 200)
    filing = desk.client.post(PERMITS, json=desk.body(1, 1), headers={"Idempotency-Key": "a"})
    described.holds(filing, PERMITS, 201)
    receipt = filing.json()
    case = desk.client.get(f"{PERMITS}/{receipt['reference']}", params={"token": receipt["token"]})
    described.holds(case, ONE, 200)
    described.holds(desk.client.get(PERMITS, params={"limit": 1}, headers=desk.key()), PERMITS, 200)
    described.holds(desk.client.get(RULES, params={"town": BENSHEIM}), RULES, 200)
    described.holds(desk.client.get(CHANGES), CHANGES, 200)
    refused = desk.grant(receipt)
    described.holds(refused, STEPS, 409)
    assert refused.json()["findings"]


def test_a_change_is_described_as_it_is_answered(desk: Desk, described: Described) -> None:
    receipt = desk.file()
    path = f"{PERMITS}/{receipt['reference']}/children"
    until = (datetime.now(TOWN_ZONE).date() + timedelta(days=90)).isoformat()
    body = {"type": "Feature", "kind": "extension", "geometry": None, "properties": {"until": until}}
    assert described.faults({"$ref": "#/components/schemas/ChildFeature"}, body) == []
    described.holds(desk.client.post(path, json=body, headers=desk.key()), CHILDREN, 409)
    desk.grant(receipt)
    described.holds(desk.client.post(path, json=body, headers=desk.key()), CHILDREN, 201)
    described.holds(desk.client.post(path, json={**body, "kind": "x"}, headers=desk.key()), CHILDREN, 422)
    described.holds(desk.client.post(path, json=body), CHILDREN, 404)
    case = desk.client.get(f"{PERMITS}/{receipt['reference']}", headers=desk.key())
    described.holds(case, ONE, 200)
    assert described.tells_all({"$ref": "#/components/schemas/Permit"}, case.json()) == []


def test_notes_and_consultations_are_described_as_they_are_answered(desk: Desk, described: Described) -> None:
    case = f"{PERMITS}/{desk.file()['reference']}"
    asked = {"office": "Straßenverkehrsbehörde", "question": "Bestehen Einwände?"}
    described.holds(
        desk.client.post(f"{case}/notes", json={"text": "Ortstermin"}, headers=desk.key()), NOTES, 201
    )
    described.holds(desk.client.get(f"{case}/notes", headers=desk.key()), NOTES, 200)
    described.holds(desk.client.post(f"{case}/notes", json={"text": ""}, headers=desk.key()), NOTES, 422)
    described.holds(desk.client.post(f"{case}/consultations", json=asked, headers=desk.key()), ASKING, 409)
    assert (
        desk.client.post(f"{case}/transitions", json={"to": "in_review"}, headers=desk.key()).status_code
        == 200
    )
    answer = desk.client.post(f"{case}/consultations", json=asked, headers=desk.key())
    described.holds(answer, ASKING, 201)
    assert described.tells_all({"$ref": "#/components/schemas/Consultation"}, answer.json()) == []
    described.holds(desk.client.get(f"{case}/consultations", headers=desk.key()), ASKING, 200)
    one = f"/api/v1/consultations/{answer.json()['id']}"
    own = {"X-Permit-Token": answer.json()["address"].partition("token=")[2]}
    described.holds(desk.client.get(one, headers=own), ASKED, 200)
    described.holds(desk.client.get(one), ASKED, 404)
    reply = {"verdict": "no_objection", "name": "Frau Rat"}
    described.holds(desk.client.post(f"{one}/answer", json=reply, headers=own), ANSWER, 200)
    described.holds(desk.client.post(f"{one}/answer", json=reply, headers=own), ANSWER, 409)


def test_papers_are_described_as_they_are_answered(desk: Desk, described: Described) -> None:
    receipt = desk.file()
    own = {"X-Permit-Token": receipt["token"]}
    case = f"{PERMITS}/{receipt['reference']}"
    small = {"file": ("a.png", picture(), "image/png")}
    answer = desk.client.post(f"{case}/documents", files=small, headers=own)
    described.holds(answer, PAPERS, 201)
    described.holds(desk.client.post(f"{case}/documents", data={"kind": "x"}, headers=own), PAPERS, 422)
    described.holds(desk.client.post(f"{case}/documents", files=small), PAPERS, 404)
    large = {"file": ("a.png", bytes(11_000_000), "image/png")}
    described.holds(desk.client.post(f"{case}/documents", files=large, headers=own), PAPERS, 413)
    assert desk.grant(receipt).status_code == 200
    described.holds(desk.client.post(f"{case}/documents", files=small, headers=own), PAPERS, 409)
    listed = desk.client.get(f"{case}/documents", headers=own)
    described.holds(listed, PAPERS, 200)
    assert described.tells_all({"$ref": "#/components/schemas/Documents"}, listed.json()) == []
    one = answer.json()["address"]
    declared = described.document["paths"][PAPER]["get"]["responses"]["200"]["content"]
    assert desk.client.get(one, headers=own).headers["content-type"] in declared
    described.holds(desk.client.get(one), PAPER, 404)
    mine = desk.client.get(f"{case}/my-data", headers=own)
    described.holds(mine, MY_DATA, 200)
    assert described.tells_all({"$ref": "#/components/schemas/MyData"}, mine.json()) == []
    assert mine.json()["documents"] and mine.json()["notices"] and mine.json()["fee_notice"]
    described.holds(desk.client.delete(one, headers=own), PAPER, 409)
    assert "content" not in described.document["paths"][PAPER]["delete"]["responses"]["204"]


def test_fees_are_described_as_they_are_answered(desk: Desk, described: Described) -> None:
    receipt, key = desk.file(), desk.key()
    case = f"{PERMITS}/{receipt['reference']}"
    asked = {"amount_eur": "40.00", "reason": "Ratsbeschluss"}
    described.holds(desk.client.put(f"{case}/fee", json=asked, headers=key), FEE, 428)
    answer = desk.client.put(f"{case}/fee", json=asked, headers={"If-Match": "*", **key})
    described.holds(answer, FEE, 200)
    assert described.tells_all({"$ref": "#/components/schemas/CaseFee"}, answer.json()) == []
    described.holds(desk.client.get(f"{case}/fee-notice", headers=key), NOTICE, 404)
    desk.grant(receipt)
    paid = desk.client.post(f"{case}/fee-notice/entries", json={"kind": "paid"}, headers=key)
    described.holds(paid, ENTRIES, 201)
    assert described.tells_all({"$ref": "#/components/schemas/FeeNotice"}, paid.json()) == []
    described.holds(desk.client.get(f"{case}/fee-notice", headers=key), NOTICE, 200)
    described.holds(
        desk.client.post(f"{case}/fee-notice/entries", json={"kind": "paid"}, headers=key), ENTRIES, 409
    )
    described.holds(
        desk.client.post(f"{case}/fee-notice/entries", json={"kind": "x"}, headers=key), ENTRIES, 422
    )
    listed = desk.client.get(NOTICES, headers=key)
    described.holds(listed, NOTICES, 200)
    assert described.tells_all({"$ref": "#/components/schemas/FeeNotices"}, listed.json()) == []
    described.holds(desk.client.get(NOTICES), NOTICES, 401)
    described.holds(desk.client.get(TREASURY, headers=key), TREASURY, 422)


def test_messages_are_described_as_they_are_answered(desk: Desk, described: Described) -> None:
    receipt, key = desk.file(), desk.key()
    case = f"{PERMITS}/{receipt['reference']}/messages"
    answer = desk.client.get(case, headers=key)
    described.holds(answer, MESSAGES, 200)
    assert described.tells_all({"$ref": "#/components/schemas/Messages"}, answer.json()) == []
    (message,) = answer.json()["messages"]
    described.holds(desk.client.post(f"{case}/{message['id']}/resend", headers=key), RESEND, 409)
    work_until_empty(desk.database, queue=MAIL)
    described.holds(desk.client.post(f"{case}/{message['id']}/resend", headers=key), RESEND, 200)


def test_no_member_of_a_real_answer_goes_unsaid(desk: Desk, described: Described) -> None:
    desk.file()
    receipt = desk.file(1, 1, **EVERYTHING)
    schema = {
        name: {"$ref": f"#/components/schemas/{name}"} for name in described.document["components"]["schemas"]
    }
    opened = desk.client.get(f"{PERMITS}/{receipt['reference']}", headers=desk.key())
    described.holds(opened, ONE, 200)
    case = opened.json()
    queue = desk.client.get(PERMITS, params={"limit": 1}, headers=desk.key()).json()
    assert described.tells_all(schema["Receipt"], receipt) == []
    assert described.tells_all(schema["Permit"], case) == []
    assert described.tells_all(schema["PermitQueue"], queue) == []
    assert described.tells_all(schema["Rules"], desk.client.get(RULES).json()) == []
    assert described.tells_all(schema["Receipt"], {**receipt, "strange": 1}) == ["$.strange"]


def test_real_problems_are_as_declared(desk: Desk, described: Described) -> None:
    def post(path: str, **sent: Any) -> Response:
        answer: Response = desk.client.post(path, **sent)
        return answer

    receipt = desk.file()
    own = {"X-Permit-Token": receipt["token"]}
    case = f"{PERMITS}/{receipt['reference']}"
    invalid = post(CHECKS, json=desk.body())
    described.holds(invalid, CHECKS, 422)
    assert {fault["pointer"] for fault in invalid.json()["errors"]} == {
        "/properties/purpose", "/properties/applicant",
    }  # fmt: skip
    as_json, unknown_key = {"Content-Type": "application/json"}, {"Authorization": "Bearer wrong"}
    for path, body in ((CHECKS, use_only(desk.body())), (PERMITS, desk.body())):
        described.holds(post(path, content=b"{", headers=as_json), path, 400)
        described.holds(post(path, json=body, headers=unknown_key), path, 401)
        described.holds(post(path, content=b" " * 1_000_001), path, 413)
    described.holds(desk.client.get(PERMITS), PERMITS, 401)
    described.holds(desk.client.get(case, headers=unknown_key), ONE, 401)
    described.holds(desk.client.get(PERMITS, headers=desk.key("reader", None)), PERMITS, 403)
    described.holds(desk.client.get(PERMITS, params={"cursor": "?"}, headers=desk.key()), PERMITS, 400)
    described.holds(desk.client.get(case), ONE, 404)
    described.holds(desk.client.get(RULES, params={"town": "nowhere"}), RULES, 404)
    described.holds(desk.client.get(CHANGES, params={"since": "x"}), CHANGES, 400)
    described.holds(desk.client.get(RULES, params={"town": "a\0b"}), RULES, 422)
    described.holds(desk.client.get(f"{PERMITS}/a%00b", headers=desk.key()), ONE, 422)
    described.holds(desk.client.put(case, json=desk.body(), headers=own), ONE, 428)
    described.holds(desk.client.put(case, json=desk.body(), headers={**own, "If-Match": '"9"'}), ONE, 412)
    described.holds(desk.move(receipt["reference"], "granted"), STEPS, 409)
    repeated = {"Idempotency-Key": "b"}
    assert post(PERMITS, json=desk.body(50), headers=repeated).status_code == 201
    described.holds(post(PERMITS, json=desk.body(60), headers=repeated), PERMITS, 422)


def test_a_counted_client_is_told_how_long_to_wait(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rate_filings="1/hour")
    desk.file()
    answer = desk.client.post(PERMITS, json=desk.body())
    Described(desk).holds(answer, PERMITS, 429)
    assert timedelta(seconds=int(answer.headers["retry-after"])) <= timedelta(hours=1)
